import { expect, test } from "vitest";
import type { HelloInit } from "#generated/busbar/control";
import { Note } from "#generated/busbar/testing";
import type { Admission, DialOptions, Transport } from "#transport";
import { BusError, sourceIdOf } from "#wire";
import { planOf } from "../../test/support/plan.ts";
import { Connector, type PeerInfo } from "./connector.ts";
import { decodeAnswer, decodeHello, encodeHello, encodeRefuse, encodeWelcome } from "./handshake.ts";
import { PlanIndex } from "./plan-index.ts";
import { FakeCarrier, FakeClock, fakeLog } from "./test-support.ts";

const plan = planOf({ services: { a: { publishes: [Note] }, b: { subscribes: [Note] } } });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Attempt {
  at: number;
  options: DialOptions;
  succeed(welcome?: Partial<{ service: string; epoch: number; version: number }>): FakeCarrier;
  fail(error: BusError): void;
}

const rig = (
  options: { dials?: boolean; prover?: Transport["prover"]; epoch?: number; sign?: () => Uint8Array } = {},
) => {
  const clock = new FakeClock();
  const log = fakeLog();
  const attempts: Attempt[] = [];
  const opened: PeerInfo[] = [];
  let replaced = 0;
  const transport: Transport = {
    name: "unix",
    features: { byReference: false, crossesProcess: true, strangers: true, encrypted: false },
    ...(options.prover === undefined ? {} : { prover: options.prover }),
    listen: () => Promise.reject(new Error("not here")),
    close: () => Promise.resolve(),
    dial: (dial) =>
      new Promise((resolve, reject) => {
        attempts.push({
          at: clock.ms,
          options: dial,
          fail: reject,
          succeed: ({ service = "b", epoch = 1, version = 1 } = {}) => {
            const carrier = new FakeCarrier();
            try {
              dial.accept(encodeWelcome({ version, service, epoch, types: [], windowBytes: 1 }, sourceIdOf("b")));
              resolve(carrier);
            } catch (error) {
              reject(error);
            }
            return carrier;
          },
        });
      }),
  };
  const connector = new Connector({
    local: "a",
    peer: "b",
    sourceId: sourceIdOf("a"),
    epoch: options.epoch ?? 1,
    index: new PlanIndex(plan),
    transport,
    address: (options.dials ?? true) ? () => ({ transport: "unix", path: "x" }) : undefined,
    clock,
    log,
    libraryVersion: "0",
    nonce: () => new Uint8Array(16),
    opened: (_carrier, info) => opened.push(info),
    replaced: () => replaced++,
  });
  const greet = (hello: Partial<HelloInit> = {}): Admission =>
    connector.admit(
      decodeHello(
        encodeHello(
          {
            versions: Uint8Array.of(1),
            service: "b",
            target: "a",
            planHash: plan.hash,
            epoch: 5,
            nonce: new Uint8Array(16),
            types: [],
            ...hello,
          },
          1,
        ),
        "x",
      ),
      { label: "x" },
    );
  const codeOf = (admission: Admission): unknown => {
    if ("welcome" in admission) return "welcome";
    try {
      decodeAnswer(admission.refuse, "x");
    } catch (error) {
      return (error as BusError).details.code;
    }
  };
  return { clock, log, attempts, opened, connector, greet, codeOf, replaced: () => replaced };
};
const unreachable = (): BusError =>
  new BusError("transport/unreachable", { details: { address: "x", reason: "nobody listens" } });

test("dials again with growing pauses, at most 2 s, without a word in the log", async () => {
  const { clock, log, attempts, connector } = rig();
  connector.start();
  for (let i = 0; i < 9; i++) {
    attempts[i].fail(unreachable());
    await turn();
    clock.pass(2000);
    await turn();
  }
  expect(attempts.length).toBe(10);
  expect(log.lines.filter((line) => line.level !== "debug")).toEqual([]);
  expect(connector.note).toContain("nobody listens");
});

test("the pauses double from 50 ms", async () => {
  const { clock, attempts, connector } = rig();
  connector.start();
  const gaps: number[] = [];
  for (let i = 0; i < 8; i++) {
    attempts[i].fail(unreachable());
    await turn();
    while (attempts.length === i + 1) clock.pass(10);
    gaps.push(attempts[i + 1].at - attempts[i].at);
  }
  expect(gaps).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
});

test("a link that opened clears the note; one that breaks at once is not dialed at full speed", async () => {
  const { clock, attempts, opened, connector } = rig();
  connector.start();
  attempts[0].fail(unreachable());
  await turn();
  clock.pass(50);
  for (let i = 1; i <= 6; i++) {
    attempts[i].succeed();
    await turn();
    expect(connector.note).toBeUndefined();
    connector.lost(new BusError("transport/link-lost", { details: { peer: "b", reason: "gone" } }));
    while (attempts.length === i + 1) clock.pass(10);
  }
  expect(opened.length).toBe(6);
  expect(attempts[6].at - attempts[5].at).toBeGreaterThanOrEqual(1000);
});

test("semantics/4.5 a lower epoch is refused on both sides, the same and a higher one are taken", async () => {
  const { greet, codeOf, connector } = rig({ dials: false });
  expect([5, 5, 4, 6, 5].map((epoch) => codeOf(greet({ epoch })))).toEqual([
    "welcome",
    "welcome",
    "wire/stale-epoch",
    "welcome",
    "wire/stale-epoch",
  ]);
  expect(connector.note).toMatch(/epoch 5.*epoch 6/);
  const dialing = rig();
  dialing.connector.start();
  dialing.attempts[0].succeed({ epoch: 9 });
  await turn();
  dialing.connector.lost(unreachable());
  dialing.clock.pass(100);
  dialing.attempts[1].succeed({ epoch: 8 });
  await turn();
  expect(dialing.connector.note).toContain("wire/stale-epoch");
  expect(dialing.opened.map((info) => info.epoch)).toEqual([9]);
});

test("a second connection of the same service replaces the first", () => {
  const { greet, opened, replaced, connector } = rig({ dials: false });
  for (let i = 0; i < 2; i++) {
    const admission = greet();
    if ("welcome" in admission) admission.attach(new FakeCarrier());
  }
  expect(opened.length).toBe(2);
  expect(replaced()).toBe(2);
  expect(connector.state).toBe("open");
});

test("an older admission that attaches late gives way to a newer incarnation", () => {
  const { greet, opened } = rig({ dials: false });
  const [older, newer] = [greet({ epoch: 5 }), greet({ epoch: 6 })];
  const late = new FakeCarrier();
  if ("welcome" in newer) newer.attach(new FakeCarrier());
  if ("welcome" in older) older.attach(late);
  expect(late.aborted).toBe(true);
  expect(opened.map((info) => info.epoch)).toEqual([6]);
});

test("another version, another plan and a wrong proof are refused by their own code", () => {
  const { greet, codeOf } = rig({ dials: false });
  expect(codeOf(greet({ versions: Uint8Array.of(9) }))).toBe("wire/unsupported-version");
  expect(codeOf(greet({ planHash: "f".repeat(64) }))).toBe("topology/plan-mismatch");
  const prover = { sign: () => new Uint8Array(32), verify: () => false };
  const keyed = rig({ dials: false, prover });
  expect(keyed.codeOf(keyed.greet({ proof: new Uint8Array(32) }))).toBe("wire/not-authentic");
});

test("whoever answers in the peer's place is refused, and its carrier never opens", async () => {
  for (const welcome of [{ service: "c" }, { version: 2 }]) {
    const { attempts, opened, connector } = rig();
    connector.start();
    attempts[0].succeed(welcome);
    await turn();
    expect(opened).toEqual([]);
    expect(connector.note).toMatch(/wire\/(bad-handshake|unsupported-version)/);
  }
});

test("a refusal is told once and dialed slowly; keys that fail do not end the process", async () => {
  const refusing = rig();
  refusing.connector.start();
  for (let i = 0; i < 3; i++) {
    const { options, fail } = refusing.attempts[i];
    try {
      options.accept(encodeRefuse(new BusError("topology/plan-mismatch", { details: { ours: "1", theirs: "2" } })));
    } catch (error) {
      fail(error as BusError);
    }
    await turn();
    refusing.clock.pass(2000);
    await turn();
  }
  expect(refusing.attempts.length).toBe(4);
  expect(refusing.log.lines.filter((line) => line.level === "warn").length).toBe(1);
  const prover = {
    sign: (): Uint8Array => {
      throw new Error("no key of that node");
    },
    verify: () => true,
  };
  const keyless = rig({ prover });
  keyless.connector.start();
  await turn();
  expect(keyless.connector.note).toContain("no key of that node");
});

test("stop ends dialing, refuses who comes, and leaves no timer", async () => {
  const { clock, attempts, connector, greet, codeOf } = rig();
  connector.start();
  connector.stop();
  expect(attempts[0].options.signal.aborted).toBe(true);
  const late = attempts[0].succeed();
  await turn();
  expect(late.aborted).toBe(true);
  expect(codeOf(greet())).toBe("core/closed");
  expect(clock.pending).toBe(0);
});

test("whoever announces a window beyond the plan's capacity for the edge gets the capacity", () => {
  const { attempts, connector, greet } = rig();
  connector.start();
  const capacity = plan.edges.find(({ source }) => source === "a")!.capacityBytes;
  const granted = (windowBytes: number): number =>
    attempts[0].options.accept(
      encodeWelcome({ version: 1, service: "b", epoch: 1, types: [], windowBytes }, sourceIdOf("b")),
    );
  expect(granted(2 ** 30)).toBe(capacity);
  expect(granted(4096)).toBe(4096);
  const admission = greet({ windowBytes: 2 ** 30, frameBytesMax: 2 ** 29 });
  expect(admission).toMatchObject({ windowBytesMax: capacity });
  expect((admission as { frameBytesMax: number }).frameBytesMax).toBeLessThan(1 << 20);
});
