/** Sections 4, 5, 6 and 8.1: delivery, loss, requests, topics, equivalence. */
import { afterEach, expect, test } from "vitest";
import type { Bus, EdgeAccount } from "#core";
import { Blob, Echo, Note, Tick } from "#generated/busbar/testing";
import { until } from "../support/hub.ts";
import type { TestPlanOptions } from "../support/plan.ts";
import { faultsOf, openRig, PLACES, type Place, pause, type Rig } from "./rig.ts";

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
const attached = (bus: Bus, type: { name: string }): Promise<void> =>
  until(() => to(bus).attached.includes(type.name), `b asking for ${type.name}`);
const both = async (place: Place, options: Partial<TestPlanOptions> = {}) => {
  const rig = await openRig(place, { services, ...options });
  rigs.push(rig);
  return { rig, a: await rig.start("a"), b: await rig.start("b") };
};

for (const place of PLACES) {
  const named = (name: string, run: () => Promise<void>): void => test(`semantics/${name} (${place})`, run);

  named("4.1 delivered means: after every callback returned, or taken by the iterator's buffer", async () => {
    const { a, b } = await both(place);
    let inside = -1;
    b.subscriber(Note).on(() => {
      inside = to(a).data.delivered;
    });
    await attached(a, Note);
    const publisher = a.publisher(Note);
    await publisher.publish({ seq: 1 });
    await publisher.flush();
    expect(inside).toBe(0);
    expect(to(a).data.delivered).toBe(1);
  });

  named("4.1 a full iterator buffer stops the data lane of its edge only", async () => {
    const { a, b } = await both(place, { policy: "error" });
    b.serve(Echo, { echo: ({ seq }) => ({ seq }) });
    const subscriber = b.subscriber(Note, { buffer: 4 });
    await attached(a, Note);
    const publisher = a.publisher(Note);
    for (let seq = 0; seq < 20; seq++) publisher.tryPublish({ seq });
    expect((await a.client(Echo).echo({ seq: 5 })).seq).toBe(5);
    await pause(10);
    expect(to(a).data).toMatchObject({ delivered: place === "local" ? 4 : to(a).data.delivered });
    expect(to(a).data.delivered).toBeLessThan(20);
    let next = 0;
    for await (const { seq } of subscriber) {
      expect(seq).toBe(next);
      if (++next === 20) break;
    }
  });

  named("4.1 a callback that throws or rejects is logged, and the message counts as delivered", async () => {
    const { rig, a, b } = await both(place);
    b.subscriber(Note).on(((note: { seq: number }) => {
      if (note.seq === 1) throw new Error("on purpose");
      return Promise.reject(new Error("async, on purpose"));
    }) as never);
    const publisher = a.publisher(Note);
    await publisher.publish({ seq: 1 });
    await publisher.publish({ seq: 2 });
    await publisher.flush();
    await pause(1);
    expect(to(a).data.delivered).toBe(2);
    expect(rig.log.some((line) => line.text.includes("callback failed"))).toBe(true);
  });

  named("4.2 the sender's account learns the reader's drops by reason", async () => {
    const { a, b } = await both(place);
    const subscription = b.subscriber(Note).on(() => subscription.close());
    await attached(a, Note);
    const publisher = a.publisher(Note);
    // The second is on its way before the sender hears that nobody listens any more.
    publisher.tryPublish({ seq: 1 });
    publisher.tryPublish({ seq: 2 });
    await publisher.flush();
    expect(to(a).data).toMatchObject({ published: 2, delivered: 1, inFlight: 0, dropped: { closed: 1 } });
  });

  named(
    "4.4 when the link dies, what was not released is link_lost, requests fail and are never repeated",
    async () => {
      const { rig, a, b } = await both(place);
      const asked: number[] = [];
      b.serve(Echo, {
        echo: ({ seq }) => {
          asked.push(seq);
          return new Promise(() => undefined);
        },
      });
      b.subscriber(Note, { buffer: 1 });
      await attached(a, Note);
      const publisher = a.publisher(Note);
      for (let seq = 0; seq < 10; seq++) await publisher.publish({ seq });
      const request = expect(a.client(Echo).echo({ seq: 7 })).rejects.toMatchObject({ code: "core/peer-lost" });
      await until(() => asked.length === 1, "the request");
      rig.breakLink();
      await request;
      await until(() => to(a).data.dropped.link_lost > 0, "the loss");
      expect(faultsOf(a.accounts())).toEqual([]);
      await attached(a, Note);
      await pause(20);
      expect(asked).toEqual([7]);
      expect(to(a).data.inFlight).toBe(0);
    },
  );

  named("4.4 what waits on the sender's side outlives the link", async () => {
    const { rig, a, b } = await both(place, { timeoutMs: 10_000, capacityBytes: 16 * 1024 });
    const subscriber = b.subscriber(Note, { buffer: 1 });
    await attached(a, Note);
    const publisher = a.publisher(Note);
    while (publisher.tryPublish({ seq: 0, text: "x".repeat(100) }) === "sent");
    const waits = publisher.publish({ seq: 99 });
    rig.breakLink();
    for await (const { seq } of subscriber) if (seq === 99) break;
    await waits;
    expect(faultsOf(a.accounts())).toEqual([]);
  });

  named("4.5 in the same incarnation the sequence continues over a new link", async () => {
    const { rig, a, b } = await both(place);
    const got: number[] = [];
    b.subscriber(Note).on((_note, meta) => got.push(meta.sequence));
    const publisher = a.publisher(Note);
    await publisher.publish({ seq: 1 });
    await publisher.flush();
    rig.breakLink();
    await until(() => to(a).state !== "open", "the break");
    await publisher.publish({ seq: 2 });
    await publisher.flush();
    expect(got).toEqual([1, 2]);
  });

  named("5.1 an answer finds its caller; a service that may not call is refused", async () => {
    const { a, b } = await both(place, {
      services: { a: { publishes: [Note], calls: [] }, b: { subscribes: [Note], serves: [Echo] } },
    });
    b.serve(Echo, { echo: () => ({}) });
    expect(() => a.client(Echo)).toThrow(/core\/not-allowed/);
  });

  named("5.2 requests start in arrival order and overlap", async () => {
    const { a, b } = await both(place, {
      services: { a: { calls: [Echo] }, b: { serves: [Echo], concurrency: 2 } },
    });
    const started: number[] = [];
    let most = 0;
    let running = 0;
    b.serve(Echo, {
      echo: async ({ seq }) => {
        started.push(seq);
        most = Math.max(most, ++running);
        await pause(2);
        running--;
        return { seq };
      },
    });
    const client = a.client(Echo);
    await Promise.all(Array.from({ length: 10 }, (_, seq) => client.echo({ seq })));
    expect(started).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(most).toBe(2);
  });

  named("5.3 an unread stream runs 32 items ahead and stops; leaving it ends the handler", async () => {
    const { a, b } = await both(place);
    let made = 0;
    let ended = false;
    b.serve(Echo, {
      echo: ({ seq }) => ({ seq }),
      count: async function* () {
        try {
          for (let index = 0; ; index++) {
            made++;
            yield { index };
          }
        } finally {
          ended = true;
        }
      },
    });
    const client = a.client(Echo);
    const items = client.count({})[Symbol.asyncIterator]();
    expect((await items.next()).value?.index).toBe(0);
    expect((await client.echo({ seq: 1 })).seq).toBe(1);
    await pause(20);
    expect(made).toBe(32);
    await items.return?.();
    await until(() => ended, "the handler's end");
  });

  named("5.3 CANCEL reaches the handler as an aborted signal", async () => {
    const { a, b } = await both(place);
    let reason: unknown;
    let started = false;
    b.serve(Echo, {
      echo: (_request, context) =>
        new Promise((resolve) => {
          started = true;
          context.signal.addEventListener("abort", () => {
            reason = context.signal.reason;
            resolve({});
          });
        }),
    });
    const controller = new AbortController();
    const asked = expect(a.client(Echo).echo({}, { signal: controller.signal })).rejects.toMatchObject({
      code: "core/cancelled",
    });
    await until(() => started, "the handler");
    controller.abort();
    await asked;
    await until(() => reason !== undefined, "the signal");
    expect(reason).toMatchObject({ code: "core/cancelled" });
  });

  named("5.4 errors of user code travel by name, with text and details", async () => {
    const { a, b } = await both(place);
    b.serve(Echo, {
      echo: ({ text }) => {
        if (text === "app") throw Object.assign(new Error("no such card"), { name: "app/no-card", details: { n: 7 } });
        throw new Error("broken");
      },
    });
    const client = a.client(Echo);
    await expect(client.echo({ text: "app" })).rejects.toMatchObject({
      code: "core/app",
      details: { name: "app/no-card", text: "no such card", n: 7 },
    });
    await expect(client.echo({})).rejects.toMatchObject({ code: "core/handler-failed", message: /broken/ });
  });

  named("5.4 a wrong field is named, of a request to its caller and of an answer to both", async () => {
    const { a, b } = await both(place);
    b.serve(Echo, {
      echo: () => ({ seq: "x" }) as never,
      count: async function* () {
        yield { index: -1 };
      },
    });
    const client = a.client(Echo);
    for (const [request, path, problem] of [
      [{ seq: "1" }, "seq", 'is "1", not a uint'],
      [{ seq: 1, text: 7 }, "text", "is 7, not a string"],
      [null, "value", "is null, not a table busbar.testing.EchoRequest"],
    ] as const) {
      await expect(client.echo(request as never)).rejects.toMatchObject({
        code: "core/type-mismatch",
        message: `core/type-mismatch: busbar.testing.EchoRequest: ${path} ${problem}`,
        details: { type: "busbar.testing.EchoRequest", path, problem },
      });
    }
    await expect(client.echo({})).rejects.toMatchObject({
      code: "core/handler-failed",
      message: /busbar\.testing\.EchoReply: seq is "x", not a uint/,
    });
    await expect(client.count({})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "core/handler-failed",
      message: /busbar\.testing\.CountItem: index is -1, not a uint/,
    });
  });

  named("6.1 topics match exactly; one too long for a frame is refused everywhere", async () => {
    const { a, b } = await both(place);
    const got: string[] = [];
    b.subscriber(Note, { topic: "north" }).on((note, meta) => got.push(`${meta.topic} ${note.seq}`));
    b.subscriber(Note, { topic: "süd/öst" }).on((note, meta) => got.push(`${meta.topic} ${note.seq}`));
    await attached(a, Note);
    await until(() => a.publisher(Note).tryPublish({ seq: 0 }, { topic: "süd/öst" }) === "sent", "both topics");
    const publisher = a.publisher(Note);
    for (const [seq, topic] of ["north", "northern", "", "süd/öst"].entries()) publisher.tryPublish({ seq }, { topic });
    await publisher.flush();
    expect(got.filter((line) => !line.endsWith(" 0") || line === "north 0")).toEqual(["north 0", "süd/öst 3"]);
    expect(() => publisher.tryPublish({ seq: 1 }, { topic: "x".repeat(2000) })).toThrow(/core\/topic-too-long/);
    await expect(publisher.publish({ seq: 1 }, { key: "x".repeat(70_000) })).rejects.toMatchObject({
      code: "core/topic-too-long",
    });
    expect(() => b.subscriber(Note, { topic: "x".repeat(2000) })).toThrow(/core\/topic-too-long/);
  });
}

test("semantics/4.5 a higher epoch replaces, a lower one is refused", async () => {
  const { rig, a, b } = await both("unix");
  const first: number[] = [];
  b.subscriber(Note).on((note) => first.push(note.seq));
  await a.publisher(Note).publish({ seq: 1 });
  await a.publisher(Note).flush();
  await rig.stop("b");
  const later = await rig.start("b");
  const second: number[] = [];
  later.subscriber(Note).on((note) => second.push(note.seq));
  await a.publisher(Note).publish({ seq: 2 });
  await a.publisher(Note).flush();
  expect([first, second]).toEqual([[1], [2]]);
  // The refusal of a lower one is shown with a fake clock in bus/core/connector.test.ts.
});

test("semantics/8.1 the same run gives equal lists of messages per edge, whatever the placement", async () => {
  const lists = await Promise.all(
    PLACES.map(async (place) => {
      const { a, b } = await both(place, { capacityBytes: 8192 });
      const got: string[] = [];
      b.subscriber(Note).on((note, meta) => got.push(JSON.stringify([meta.topic, note.seq, note.text, note.key])));
      b.subscriber(Tick).on((tick) => got.push(JSON.stringify([tick.seq, tick.price, tick.side])));
      const [notes, ticks] = [a.publisher(Note), a.publisher(Tick)];
      for (let seq = 0; seq < 800; seq++) {
        await notes.publish(
          { seq, text: seq % 3 === 0 ? null : "ü".repeat(seq % 40) },
          { topic: seq % 5 === 0 ? "x" : "" },
        );
        await ticks.publish({ seq, price: seq / 3, side: seq % 2 });
      }
      await ticks.flush();
      return got;
    }),
  );
  expect(lists[0]).toHaveLength(1600);
  expect(lists[1]).toEqual(lists[0]);
});
