import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Context, Dealer } from "zeromq";
import { Credit, Hello } from "#generated/busbar/control";
import { type Carrier, HOLD, type Listener } from "#transport";
import { At, Kind, Lane, Memory } from "#wire";
import { createUnixTransport } from "./index.ts";
import {
  control,
  dialTo,
  FRAME_BYTES_MAX,
  hello,
  listenFor,
  makeFolder,
  put,
  recordingLog,
  refuse,
  type Side,
  send,
  sideOf,
  until,
  WINDOW_BYTES,
} from "./testing.ts";

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Stage {
  listener: Listener;
  good: Side;
  log: ReturnType<typeof recordingLog>;
  attached: Carrier[];
  endpoint: string;
}

/** A listener with one honest peer, which must not notice what strangers do. */
const stage = async (frameBytesMax: number = FRAME_BYTES_MAX): Promise<Stage> => {
  const folder = makeFolder();
  const path = join(folder.path, "in.sock");
  const transport = createUnixTransport({ heartbeatMs: 200, deadMs: 2000 });
  const dialing = createUnixTransport();
  undo.push(
    folder.remove,
    () => transport.close(),
    () => dialing.close(),
  );
  const log = recordingLog();
  const attached: Carrier[] = [];
  const listener = await listenFor(
    transport,
    { transport: "unix", path },
    (c) => attached.push(c),
    { frameBytesMax },
    log,
  );
  const good = sideOf(await dialTo(dialing, listener.address, { frameBytesMax }));
  sideOf(attached[0]);
  return { listener, good, log, attached, endpoint: `ipc://${path}` };
};

const dealer = (endpoint: string, context?: Context): Dealer => {
  const socket = new Dealer({ linger: 0, sendTimeout: 2000, receiveTimeout: 3000, ...(context ? { context } : {}) });
  socket.connect(endpoint);
  undo.push(() => socket.close());
  return socket;
};

/** A raw peer that has said HELLO and read WELCOME. */
const raw = async (endpoint: string): Promise<Dealer> => {
  const socket = dealer(endpoint);
  await socket.send(Buffer.from(hello()));
  const [answer] = await socket.receive();
  expect(answer[At.kind]).toBe(Kind.welcome);
  return socket;
};

const frame = (length: number, change: (bytes: Uint8Array, memory: Memory) => void): Buffer => {
  const memory = Memory.allocate(length);
  const out = { memory, limit: length, claim: () => 0, commit() {}, flush() {}, committed: 0 };
  put({ ...out, report: { delivered: 0, dropped: [] } }, Lane.data, 1, length);
  change(memory.u8, memory);
  return Buffer.from(memory.u8);
};

const faults: Record<string, () => Buffer | Buffer[]> = {
  SHORT: () => Buffer.from("hello"),
  MAGIC: () => randomBytes(200).fill(0, 4, 5),
  VERSION: () =>
    frame(64, (bytes) => {
      bytes[At.version] = 2;
    }),
  LENGTH: () =>
    frame(64, (bytes) => {
      bytes[0] = 128;
    }),
  KIND: () =>
    frame(64, (bytes) => {
      bytes[At.kind] = 99;
      bytes[At.lane] = 1;
    }),
  LANE: () =>
    frame(64, (bytes) => {
      bytes[At.lane] = 1;
    }),
  OVERSIZE: () => frame(2056, () => {}),
  PARTS: () => [frame(64, () => {}), frame(64, () => {})],
  CREDIT: () => Buffer.from(control(Kind.credit, Credit, { lane: 0, releasedBytes: 1000n, delivered: 3n })),
};

test.each(Object.keys(faults))("a peer that sends %s loses its connection, the others keep theirs", async (fault) => {
  const { attached, good, endpoint, log } = await stage(2048);
  const peer = await raw(endpoint);
  const victim = sideOf(attached[1]);
  await peer.send(faults[fault]() as Buffer);
  await until(() => victim.receiver.cause !== undefined, "the fault to be seen");
  expect(victim.receiver.cause?.code).toBe("wire/malformed-frame");
  expect(victim.receiver.cause?.details.fault).toBe(fault);
  expect(victim.receiver.heard).toEqual([]);
  expect(log.lines.filter((line) => line.fields.fault === fault)).toHaveLength(1);
  expect(send(good, Lane.data, 64)).toBeGreaterThanOrEqual(0);
  good.carrier.outbound[0].flush();
  await until(() => good.carrier.outbound[0].report.delivered === 1, "the honest peer's frame");
});

test("a second HELLO on a live connection is a fault", async () => {
  const { attached, endpoint } = await stage();
  const peer = await raw(endpoint);
  const victim = sideOf(attached[1]);
  await peer.send(Buffer.from(hello()));
  await until(() => victim.receiver.cause !== undefined, "the fault to be seen");
  expect(victim.receiver.cause?.details.fault).toBe("KIND");
});

test("a peer that sends more than its window loses its connection, and no more than the window was kept", async () => {
  const { attached, endpoint } = await stage();
  const peer = await raw(endpoint);
  const victim = sideOf(attached[1]);
  victim.receiver.verdict = () => HOLD;
  let kept = 0;
  for (let i = 0; i < 40; i++) {
    await peer.send(frame(8192, () => {}));
    kept = Math.max(kept, victim.carrier.heldBytes);
  }
  await until(() => victim.receiver.cause !== undefined, "the fault to be seen");
  expect(victim.receiver.cause?.details.fault).toBe("WINDOW");
  expect(kept).toBeLessThanOrEqual(WINDOW_BYTES);
  expect(victim.carrier.heldBytes).toBe(0);
});

test("a message beyond what ZeroMQ may carry ends that connection only", async () => {
  const { attached, good, endpoint } = await stage(2048);
  const peer = await raw(endpoint);
  const victim = sideOf(attached[1]);
  await peer.send(Buffer.alloc(1024 * 1024));
  await until(() => victim.receiver.cause !== undefined, "the end");
  expect(victim.receiver.cause?.code).toBe("transport/link-lost");
  expect(good.carrier.closed).toBe(false);
});

test("whoever does not begin with one HELLO gets no answer and reaches nobody", async () => {
  const { attached, endpoint, log } = await stage();
  const big = control(Kind.hello, Hello, { service: "s", target: "t", planHash: "p" });
  const openings = [
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    frame(64, () => {}),
    Buffer.concat([Buffer.from(hello()), Buffer.alloc(64)]),
    Buffer.concat([Buffer.from(big), Buffer.alloc(70_000)]),
    Buffer.from(hello()).fill(0xff, 70, 100),
  ];
  for (const opening of openings) {
    const socket = dealer(endpoint);
    socket.receiveTimeout = 50;
    await socket.send(opening);
    await socket.send(Buffer.from(hello()));
    await expect(socket.receive()).rejects.toThrow();
  }
  expect(attached).toHaveLength(1);
  expect(log.lines.some((line) => line.fields.fault === "NOT_HELLO")).toBe(true);
});

test("2,000 strangers leave the honest peer, the log and the memory as they were", async () => {
  const { attached, good, endpoint, log } = await stage();
  const context = new Context({ maxSockets: 4096 });
  const round = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 50) {
      const sockets = Array.from({ length: 50 }, () => {
        const socket = new Dealer({ linger: 0, context, sendTimeout: 5000 });
        socket.connect(endpoint);
        return socket;
      });
      await Promise.all(sockets.map((socket) => socket.send(randomBytes(1000))));
      for (const socket of sockets) socket.close();
    }
    send(good, Lane.data, 64);
    good.carrier.outbound[0].flush();
    const sent = good.carrier.outbound[0].committed;
    await until(() => good.carrier.outbound[0].report.delivered === sent, "the honest peer's frame");
  };
  await round(500);
  const before = process.memoryUsage().rss;
  await round(1500);
  expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
  expect(attached).toHaveLength(1);
  expect(log.lines.length).toBeLessThan(20);
  expect(good.carrier.closed).toBe(false);
});

test("a refusal reaches the dialer with its code and text", async () => {
  const folder = makeFolder();
  const transport = createUnixTransport();
  undo.push(folder.remove, () => transport.close());
  const address = { transport: "unix", path: join(folder.path, "in.sock") } as const;
  const listener = await listenFor(transport, address, () => {}, {
    admit: () => ({ refuse: refuse("topology/plan-mismatch", "another plan") }),
  });
  await expect(dialTo(transport, listener.address)).rejects.toMatchObject({
    code: "wire/refused",
    details: { code: "topology/plan-mismatch", reason: "another plan" },
  });
});
