/** Sections 2 and 3: edges, links, what publishing means. */
import { afterEach, expect, test } from "vitest";
import type { Bus, EdgeAccount } from "#core";
import { PolicyKind } from "#generated/busbar/plan";
import { Blob, Echo, Note, Tick } from "#generated/busbar/testing";
import { recordingLog, testHub, until } from "../support/hub.ts";
import { planOf, type TestPlanOptions } from "../support/plan.ts";
import { openRig, PLACES, pause, type Rig, turn } from "./rig.ts";

const services = {
  a: { publishes: [Note, Tick, Blob], calls: [Echo] },
  b: { subscribes: [Note, Tick, Blob], serves: [Echo] },
};
const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
});
const to = (bus: Bus, target = "b"): EdgeAccount =>
  bus.accounts().edges.find((edge) => edge.target === target) as EdgeAccount;
const attached = (bus: Bus, type: { name: string }, target = "b"): Promise<void> =>
  until(() => to(bus, target).attached.includes(type.name), `${target} asking for ${type.name}`);

for (const place of PLACES) {
  const open = async (options: Partial<TestPlanOptions> = {}, change?: Parameters<typeof openRig>[2]): Promise<Rig> => {
    const rig = await openRig(place, { services, ...options }, change);
    rigs.push(rig);
    return rig;
  };
  const both = async (options: Partial<TestPlanOptions> = {}, change?: Parameters<typeof openRig>[2]) => {
    const rig = await open(options, change);
    return { rig, a: await rig.start("a"), b: await rig.start("b") };
  };
  const named = (name: string, run: () => Promise<void>): void => test(`semantics/${name} (${place})`, run);

  named("2.1 an undeclared edge comes into being with the first SUBSCRIBE", async () => {
    const { rig, a, b } = await both({ services: { a: { open: true }, b: { open: true } } });
    await rig.hub("a").connected();
    expect(a.publisher(Note).tryPublish({ seq: 1 })).toBe("no_subscriber");
    const got: number[] = [];
    b.subscriber(Note).on((note) => got.push(note.seq));
    await attached(a, Note);
    await until(() => a.publisher(Note).tryPublish({ seq: 2 }) === "sent", "the edge");
    await until(() => got.includes(2), "the message");
    expect(got).not.toContain(1);
  });

  named("2.2 one link per pair carries both directions", async () => {
    const { rig, a, b } = await both({
      services: {
        a: { publishes: [Note], subscribes: [Tick], calls: [Echo] },
        b: { publishes: [Tick], subscribes: [Note], serves: [Echo] },
      },
    });
    const got: string[] = [];
    a.subscriber(Tick).on((tick) => got.push(`tick ${tick.seq}`));
    b.subscriber(Note).on((note) => got.push(`note ${note.seq}`));
    b.serve(Echo, { echo: ({ seq }) => ({ seq }) });
    await a.publisher(Note).publish({ seq: 1 });
    await b.publisher(Tick).publish({ seq: 2 });
    expect((await a.client(Echo).echo({ seq: 3 })).seq).toBe(3);
    await until(() => got.length === 2, "both");
    const rows = [...rig.hub("a").links(), ...(place === "local" ? [] : rig.hub("b").links())];
    expect(rows.map((row) => row.pair).sort()).toEqual(["a <-> b", "b <-> a"]);
  });

  named("2.3 a request may overtake data, and does not after flush", async () => {
    const { a, b } = await both();
    let seen = 0;
    b.subscriber(Note).on(() => seen++);
    b.serve(Echo, { echo: () => ({ seq: seen }) });
    await attached(a, Note);
    const publisher = a.publisher(Note);
    for (let seq = 0; seq < 500; seq++) await publisher.publish({ seq });
    await publisher.flush();
    expect((await a.client(Echo).echo({})).seq).toBe(500);
  });

  named("2.4 policy is per type, capacity per edge", async () => {
    const kinds: Record<string, PolicyKind> = { [Note.name]: PolicyKind.dropNewest, [Tick.name]: PolicyKind.error };
    const { a, b } = await both({ capacityBytes: 16 * 1024 }, (plan) => ({
      ...plan,
      edges: plan.edges.map((edge) => ({
        ...edge,
        types: edge.types.map((entry) => ({ ...entry, policy: { kind: kinds[entry.type] ?? 0, timeoutMs: 50 } })),
      })),
    }));
    b.subscriber(Note, { buffer: 1 });
    b.subscriber(Tick, { buffer: 1 });
    const [notes, ticks] = [a.publisher(Note), a.publisher(Tick)];
    await attached(a, Tick);
    while (ticks.tryPublish({ seq: 1 }) === "sent");
    // The edge is full for every type of it; each type answers in its own way.
    await notes.publish({ seq: 1, text: "x" });
    await expect(ticks.publish({ seq: 2 })).rejects.toMatchObject({ code: "core/full" });
    expect(to(a).data.dropped.full_newest).toBe(1);
  });

  if (place === "unix") {
    named(
      "2.5 a message above max_message is refused before it is sent, on every lane and in both directions",
      async () => {
        const { a, b } = await both({ messageBytesMax: 4096 });
        b.subscriber(Blob).on(() => undefined);
        b.serve(Echo, { echo: ({ text }) => ({ text: text === "long" ? "x".repeat(5000) : "" }) });
        const client = a.client(Echo);
        await client.echo({});
        await expect(a.publisher(Blob).publish({ data: new Uint8Array(5000) })).rejects.toMatchObject({
          code: "core/message-too-large",
        });
        await expect(client.echo({ text: "x".repeat(5000) })).rejects.toMatchObject({ code: "core/message-too-large" });
        await expect(client.echo({ text: "long" })).rejects.toMatchObject({ code: "core/message-too-large" });
        expect(to(a).data.published).toBe(0);
        expect((await client.echo({})).text).toBe("");
      },
    );

    named("3.1 publish encodes before it returns: the object may be reused, also of requests that wait", async () => {
      const rig = await open();
      const a = await rig.start("a");
      const note = { seq: 1, text: "first" };
      const waiting = a.publisher(Note).publish(note);
      const request = { seq: 1, text: "first" };
      const asked = a.client(Echo).echo(request);
      note.text = request.text = "changed";
      const b = await rig.start("b");
      const got: (string | null)[] = [];
      b.subscriber(Note).on((message) => got.push(message.text));
      b.serve(Echo, { echo: ({ text }) => ({ text }) });
      expect((await asked).text).toBe("first");
      await waiting;
      await until(() => got.length === 1, "the message");
      expect(got).toEqual(["first"]);
    });
  }

  named("3.1 publish resolves when the frame is accepted, not when it is delivered", async () => {
    const { a, b } = await both();
    const subscriber = b.subscriber(Note, { buffer: 1 });
    await attached(a, Note);
    const publisher = a.publisher(Note);
    for (let seq = 0; seq < 5; seq++) await publisher.publish({ seq });
    expect(to(a).data.delivered).toBeLessThan(5);
    const got: number[] = [];
    for await (const { seq } of subscriber) if (got.push(seq) === 5) break;
    expect(got).toEqual([0, 1, 2, 3, 4]);
  });

  named("3.1 one shared promise when nobody waits; a turn of the event loop after 1,024 publishes", async () => {
    const { a, b } = await both();
    b.subscriber(Tick).on(() => undefined);
    await attached(a, Tick);
    const publisher = a.publisher(Tick);
    const first = publisher.publish({ seq: 1 });
    expect(publisher.publish({ seq: 2 })).toBe(first);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    for (let seq = 0; seq < 2000 && !turned; seq++) await publisher.publish({ seq });
    expect(turned).toBe(true);
    expect(await publisher.publishAll([{ seq: 1 }, { seq: 2 }, { seq: 3 }])).toBe(3);
  });

  named("3.1 what waits keeps its order and is bounded; beyond it is full", async () => {
    const rig = await open({ timeoutMs: 60_000 });
    const a = await rig.start("a");
    const publisher = a.publisher(Note);
    const waiting = Array.from({ length: 1024 }, (_, seq) => publisher.publish({ seq }));
    await expect(publisher.publish({ seq: 1024 })).rejects.toMatchObject({ code: "core/full" });
    const b = await rig.start("b");
    const got: number[] = [];
    b.subscriber(Note).on((note) => got.push(note.seq));
    await Promise.all(waiting);
    await publisher.flush();
    expect(got).toEqual(Array.from({ length: 1024 }, (_, i) => i));
  });

  named("3.2 tryPublish never waits and tells full from sent", async () => {
    const { a, b } = await both({ policy: "error", capacityBytes: 16 * 1024 });
    const publisher = a.publisher(Note);
    expect(publisher.tryPublish({ seq: 0 })).toBe("full");
    b.subscriber(Note, { buffer: 1 });
    await attached(a, Note);
    let sent = 0;
    while (publisher.tryPublish({ seq: sent, text: "x".repeat(100) }) === "sent") sent++;
    expect(sent).toBeGreaterThan(0);
    await a.close({ drain: 0 });
    expect(publisher.tryPublish({ seq: 0 })).toBe("closed");
    await expect(publisher.publish({ seq: 0 })).rejects.toMatchObject({ code: "core/closed" });
  });

  named("3.3 a declared subscriber that is not there counts as full: block waits, drop_newest drops", async () => {
    for (const policy of ["block", "dropNewest"] as const) {
      const rig = await open({ policy });
      const a = await rig.start("a");
      const publisher = a.publisher(Note);
      const first = publisher.publish({ seq: 1 });
      const b = await rig.start("b");
      const got: number[] = [];
      b.subscriber(Note).on((note) => got.push(note.seq));
      await first;
      await attached(a, Note);
      await publisher.publish({ seq: 2 });
      await until(() => got.includes(2), "the second");
      expect(got).toEqual(policy === "block" ? [1, 2] : [2]);
    }
  });

  named("3.4 block gives up after its time-out with core/timeout, counted", async () => {
    const rig = await open({ timeoutMs: 30 });
    const a = await rig.start("a");
    await expect(a.publisher(Note).publish({ seq: 1 })).rejects.toMatchObject({ code: "core/timeout" });
    expect(to(a).data).toMatchObject({ published: 1, inFlight: 0, dropped: { timeout: 1 } });
  });

  named("3.5 requests wait until their own deadline, whatever the policy of the data", async () => {
    const rig = await open({ policy: "dropNewest", timeoutMs: 10 });
    const a = await rig.start("a");
    const client = a.client(Echo);
    const early = client.echo({ seq: 1 });
    await expect(client.echo({ seq: 2 }, { timeout: 30 })).rejects.toMatchObject({ code: "core/deadline-exceeded" });
    const b = await rig.start("b");
    b.serve(Echo, { echo: ({ seq }) => ({ seq }) });
    expect((await early).seq).toBe(1);
    expect(to(a).control.published).toBeGreaterThan(0);
  });

  named("3.6 drop_oldest and latest act on what waits here; what is in the carrier is delivered", async () => {
    for (const policy of ["dropOldest", "latest"] as const) {
      const { a, b } = await both({ policy, capacityBytes: 16 * 1024 });
      const subscriber = b.subscriber(Note, { buffer: 1 });
      await attached(a, Note);
      const publisher = a.publisher(Note);
      for (let seq = 1; seq <= 6000; seq++) publisher.tryPublish({ seq, text: "x".repeat(50) });
      const { data } = to(a);
      const lost = data.dropped.full_oldest + data.dropped.conflated;
      expect(lost).toBeGreaterThan(0);
      const got: number[] = [];
      for await (const { seq } of subscriber) if (got.push(seq) === 6000 - lost) break;
      expect(got[0]).toBe(1);
      expect(got.at(-1)).toBe(6000);
      expect(got).toEqual([...got].sort((x, y) => x - y));
    }
  });

  named("3.7 history comes first, flagged, in order, once per incarnation, and nothing comes twice", async () => {
    const rig = await open({
      services: { a: { publishes: [Note, Tick], history: { [Note.name]: 3 } }, b: { subscribes: [Note, Tick] } },
    });
    const a = await rig.start("a");
    const publisher = a.publisher(Note);
    // With `block` these wait for the subscriber and are remembered as well.
    const waiting = [1, 2].map((seq) => publisher.publish({ seq }, { topic: seq === 1 ? "x" : "y" }));
    const hear = (bus: Bus): string[] => {
      const got: string[] = [];
      bus.subscriber(Note).on((note, meta) => got.push(`${note.seq}${meta.replayed ? "r" : ""}`));
      return got;
    };
    const first = hear(await rig.start("b"));
    await Promise.all(waiting);
    await publisher.publish({ seq: 3 });
    await publisher.flush();
    expect(first).toEqual(["1", "2", "3"]);
    const before = to(a).data.published;
    rig.breakLink();
    await until(() => to(a).state !== "open", "the break");
    await attached(a, Note);
    expect(first).toEqual(["1", "2", "3"]);
    await rig.stop("b");
    const second = hear(await rig.start("b"));
    await attached(a, Note);
    await publisher.publish({ seq: 4 });
    await publisher.flush();
    expect(second).toEqual(["1r", "2r", "3r", "4"]);
    expect(to(a).data.published).toBe(before + 4);
  });
}

test("semantics/1.6 requests go round-robin over the ready instances, publishes to each", async () => {
  const rig = await openRig("local", {
    services: {
      a: { publishes: [Note], calls: [Echo] },
      "b#0": { subscribes: [Note], serves: [Echo] },
      "b#1": { subscribes: [Note], serves: [Echo] },
    },
  });
  rigs.push(rig);
  const a = await rig.start("a");
  const got: string[] = [];
  for (const name of ["b#0", "b#1"]) {
    const b = await rig.start(name);
    b.subscriber(Note).on((note) => got.push(`${name} ${note.seq}`));
    b.serve(Echo, { echo: () => ({ text: name }) });
  }
  await rig.hub("a").connected();
  await a.publisher(Note).publish({ seq: 1 });
  expect(got.sort()).toEqual(["b#0 1", "b#1 1"]);
  const client = a.client(Echo);
  const names = [];
  for (let i = 0; i < 4; i++) names.push((await client.echo({})).text);
  expect(names.sort()).toEqual(["b#0", "b#0", "b#1", "b#1"]);
  expect((await client.echo({}, { target: "b#1" })).text).toBe("b#1");
  await rig.stop("b#0");
  for (let i = 0; i < 3; i++) expect((await client.echo({})).text).toBe("b#1");
});

test("semantics/1.6 code names a service, and means each of its instances", async () => {
  const service = { history: { [Note.name]: 2 }, publishes: [Note], subscribes: [Note] };
  const rig = await openRig("local", { services: { a: service, "b#0": service, "b#1": service, bc: service } });
  rigs.push(rig);
  const buses = await Promise.all(["a", "b#0", "b#1", "bc"].map((name) => rig.start(name)));
  const [a, b0, b1, other] = buses;
  const got: string[] = [];
  const hear = (bus: typeof a): void => {
    bus.subscriber(Note).on((note, { replayed }) => got.push(`${bus.service} ${note.seq}${replayed ? "r" : ""}`));
  };
  for (const bus of [b0, b1, other]) hear(bus);
  a.subscriberFrom("b", Note).on((note, { source }) => got.push(`a ${note.seq} of ${source}`));
  await rig.hub("a").connected();
  await a.publisherTo("b", Note).publish({ seq: 1 });
  await a.publisherTo("b#1", Note).publish({ seq: 2 });
  for (const [i, bus] of [b0, b1, other].entries()) bus.publisherTo("a", Note).tryPublish({ seq: 10 + i });
  await a.publisherTo("b", Note).flush();
  expect(got.sort()).toEqual(["a 10 of b#0", "a 11 of b#1", "b#0 1", "b#1 1", "b#1 2"]);

  got.length = 0;
  for (const name of ["b#0", "bc"]) {
    await rig.stop(name);
    hear(await rig.start(name));
  }
  await until(() => got.length > 0, "the history of what was published to b");
  await a.publisherTo("bc", Note).publish({ seq: 3 });
  expect(got).toEqual(["b#0 1r", "bc 3"]);
  for (const wrong of ["b#2", "bb", "b#"]) {
    expect(() => a.publisherTo(wrong, Note)).toThrow(/core\/unknown-service/);
    expect(() => a.subscriberFrom(wrong, Note)).toThrow(/core\/unknown-service/);
  }
});

test("a bus and what it handed out end with the block that they were made in", async () => {
  const rig = await openRig("local", { services: { a: { publishes: [Note] }, b: { subscribes: [Note] } } });
  rigs.push(rig);
  const b = await rig.start("b");
  const got: number[] = [];
  const publisher = await (async () => {
    await using a = await rig.start("a");
    {
      await using _buffered = b.subscriber(Note);
      using _called = b.subscriber(Note).on((note) => got.push(note.seq));
      await a.publisher(Note).publish({ seq: 1 });
    }
    const late = b.subscriber(Note);
    late.on((note) => got.push(10 * note.seq));
    await late.ready;
    await a.publisher(Note).publish({ seq: 2 });
    await a.publisher(Note).flush();
    late.close();
    return a.publisher(Note);
  })();
  expect(got).toEqual([1, 20]);
  expect(publisher.tryPublish({ seq: 3 })).toBe("closed");
});

test("semantics/3.1 an edge that fails keeps the message from no other; the error lists every edge", async () => {
  const kinds: Record<string, PolicyKind> = { b: PolicyKind.block, c: PolicyKind.error, d: PolicyKind.dropNewest };
  const subscriber = { subscribes: [Note] };
  const rig = await openRig(
    "local",
    { services: { a: { publishes: [Note] }, b: subscriber, c: subscriber, d: subscriber, e: subscriber } },
    (plan) => ({
      ...plan,
      edges: plan.edges.map((edge) => ({
        ...edge,
        types: edge.types.map((entry) => ({ ...entry, policy: { kind: kinds[edge.target] ?? 0, timeoutMs: 30 } })),
      })),
    }),
  );
  rigs.push(rig);
  const a = await rig.start("a");
  const e = await rig.start("e");
  const got: number[] = [];
  e.subscriber(Note).on((note) => got.push(note.seq));
  await attached(a, Note, "e");
  const failure = await a
    .publisher(Note)
    .publish({ seq: 1 })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "core/publish-failed",
    details: { count: 2, total: 4, worst: "core/full", edges: [{ code: "core/full" }, { code: "core/timeout" }] },
  });
  expect(got).toEqual([1]);
  expect(to(a, "d").data.dropped.full_newest).toBe(1);
});

test("semantics/3.1 a message too large for one edge reaches the others, and no rejection is left behind", async () => {
  const subscriber = { subscribes: [Blob] };
  const rig = await openRig(
    "unix",
    { services: { a: { publishes: [Blob] }, b: subscriber, c: subscriber } },
    (plan) => ({
      ...plan,
      edges: plan.edges.map((edge) => ({
        ...edge,
        messageBytesMax: edge.target === "c" ? 1024 : 65_536,
        types: edge.types.map((entry) => ({ ...entry, policy: { kind: PolicyKind.block, timeoutMs: 20 } })),
      })),
    }),
  );
  rigs.push(rig);
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const a = await rig.start("a");
  await expect(a.publisher(Blob).publish({ data: new Uint8Array(5000) })).rejects.toMatchObject({
    code: "core/publish-failed",
    details: { worst: "core/message-too-large" },
  });
  await pause(40);
  await turn();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("semantics/3.2 no_subscriber only when there is no edge at all, counted per type", async () => {
  const rig = await openRig("local", { services: { a: { open: true } } });
  rigs.push(rig);
  const a = await rig.start("a");
  expect(a.publisher(Note).tryPublish({ seq: 1 })).toBe("no_subscriber");
  await a.publisher(Note).publish({ seq: 1 });
  expect(a.accounts()).toEqual({ edges: [], unheard: { [Note.name]: 2 } });
  await a.close();
  expect(a.accounts().edges).toEqual([]);
});

test("semantics/3.8 by reference: handed over, checked and frozen in development, with every field as after decoding", async () => {
  for (const development of [true, false]) {
    const hub = testHub({
      development,
      log: recordingLog(),
      plan: planOf({ services: { a: { publishes: [Note] }, b: { subscribes: [Note] } } }),
    });
    const [a, b] = [hub.bus("a"), hub.bus("b")];
    const got: unknown[] = [];
    b.subscriber(Note).on((note) => got.push(note));
    await hub.start();
    await hub.connected();
    const whole = { seq: 1, text: "x", key: null };
    a.publisher(Note).tryPublish(whole);
    a.publisher(Note).tryPublish({ seq: 2 });
    expect(got[0]).toBe(whole);
    expect(got[1]).toEqual({ seq: 2, text: null, key: null });
    expect(Object.isFrozen(whole)).toBe(development);
    const wrong = (): unknown => a.publisher(Note).tryPublish({ seq: "1" } as never);
    if (development) expect(wrong).toThrow(/core\/type-mismatch/);
    await hub.close({ drain: 100 });
  }
});
