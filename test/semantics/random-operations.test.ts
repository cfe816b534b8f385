/** Random operations on two services: after every step the accounts are true, at the end everything is settled. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bus } from "#core";
import { PolicyKind } from "#generated/busbar/plan";
import { Blob, Echo, Note, Tick } from "#generated/busbar/testing";
import { until } from "../support/hub.ts";
import { faultsOf, openRig, PLACES, type Place, pause, type Rig, turn } from "./rig.ts";

const POLICIES = ["block", "error", "dropNewest", "dropOldest", "latest"] as const;

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("try" as const), type: fc.nat(2), how: fc.nat(3), size: fc.nat(900) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("publish" as const), type: fc.nat(2), how: fc.nat(3), size: fc.nat(900) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("burst" as const), type: fc.nat(2), count: fc.nat(300) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("subscription" as const), type: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const), count: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("iterator" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("break" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("restart" as const), who: fc.constantFrom("a" as const, "b" as const) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("request" as const), delayMs: fc.nat(20), end: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stream" as const), count: fc.nat(200), leave: fc.nat(80) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("link" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("turn" as const), ms: fc.nat(4) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const TYPES = [Note, Tick, Blob] as const;
const HOW = [undefined, { topic: "north" }, { key: "k" }, { ttl: 3 }] as const;

class World {
  readonly #rig: Rig;
  readonly #patient: boolean;
  readonly #promises: Promise<unknown>[] = [];
  #a!: Bus;
  #b!: Bus;
  #seq = 0;
  /** Last that callbacks of the present "b" saw: over all types, or of each. */
  #seen: number[] = [];
  #subscriptions: (undefined | { close(): void })[] = [];
  #reader: { take(count: number): void; end(): void } | undefined;
  readonly #ever = new Set<number>();
  readonly faults: string[] = [];

  constructor(rig: Rig, patient: boolean) {
    this.#rig = rig;
    this.#patient = patient;
  }

  async begin(): Promise<void> {
    this.#a = await this.#rig.start("a");
    await this.#startB();
    await this.#linked();
  }

  /** The link is up and the subscriptions have come, as far as they will. */
  async #linked(): Promise<void> {
    await this.#rig.hub("a").connected({ timeout: "10s" });
    for (let i = 0; i < 20 && this.#a.accounts().edges[0].attached.length < 2; i++) await pause(1);
    await pause(2);
  }

  get delivered(): number {
    return this.#ever.size;
  }

  async #startB(): Promise<void> {
    this.#b = await this.#rig.start("b");
    this.#seen = [];
    this.#subscriptions = [];
    this.#b.serve(Echo, {
      echo: async ({ seq, delayMs }) => {
        if (delayMs > 0) await pause(delayMs);
        if (seq % 7 === 0) throw new Error("on purpose");
        return { seq };
      },
      count: async function* ({ count }) {
        for (let index = 0; index < count; index++) yield { index };
      },
    });
    this.#toggle(0);
    this.#toggle(1);
    this.#iterate();
  }

  #toggle(type: number): void {
    const known = this.#subscriptions[type];
    if (known !== undefined) {
      known.close();
      this.#subscriptions[type] = undefined;
      return;
    }
    const seen = this.#seen;
    this.#subscriptions[type] = this.#b.subscriber(TYPES[type] as typeof Note).on((message) => {
      // With short time-outs a type that stood aside may come later than others, but never out of its own order.
      const last = seen[this.#patient ? 0 : type] ?? 0;
      if (message.seq <= last) this.faults.push(`${message.seq} came after ${last}`);
      seen[this.#patient ? 0 : type] = message.seq;
      this.#once(message.seq);
    });
  }

  #once(seq: number): void {
    if (this.#ever.has(seq)) this.faults.push(`${seq} was delivered twice`);
    this.#ever.add(seq);
  }

  /** Blobs are read one by one, on demand: its small buffer holds the edge up. */
  #iterate(): void {
    this.#reader?.end();
    const iterator = this.#b.subscriber(Blob, { buffer: 4 })[Symbol.asyncIterator]();
    this.#reader = {
      take: (count) => {
        for (let i = 0; i < count; i++) {
          this.#promises.push(iterator.next().then((result) => result.done || this.#once(result.value.seq)));
        }
      },
      end: () => void iterator.return?.(),
    };
  }

  #message(type: number, size: number): never {
    const seq = ++this.#seq;
    return (type === 2 ? { seq, data: new Uint8Array(size) } : { seq, text: "x".repeat(size) }) as never;
  }

  async run(step: Operation): Promise<void> {
    const { promise } = this;
    switch (step.do) {
      case "try":
        this.#a
          .publisher(TYPES[step.type] as typeof Note)
          .tryPublish(this.#message(step.type, step.size), HOW[step.how]);
        break;
      case "publish":
        promise(
          this.#a
            .publisher(TYPES[step.type] as typeof Note)
            .publish(this.#message(step.type, step.size), HOW[step.how]),
        );
        break;
      case "burst": {
        const publisher = this.#a.publisher(TYPES[step.type] as typeof Note);
        for (let i = 0; i < step.count; i++) publisher.tryPublish(this.#message(step.type, 100));
        break;
      }
      case "subscription":
        this.#toggle(step.type);
        break;
      case "read":
        this.#reader?.take(step.count);
        break;
      case "iterator":
        this.#iterate();
        break;
      case "break":
        this.#rig.breakLink();
        break;
      case "restart":
        await this.#restart(step.who);
        break;
      case "request": {
        const controller = new AbortController();
        const timeout = step.end === 1 ? 5 : 2000;
        const request = { seq: ++this.#seq, delayMs: step.delayMs };
        promise(this.#a.client(Echo).echo(request, { timeout, signal: controller.signal }));
        if (step.end === 2) controller.abort();
        break;
      }
      case "stream":
        promise(this.#stream(step.count, step.leave));
        break;
      case "link":
        await this.#linked();
        break;
      case "flush":
        promise(this.#a.publisher(Note).flush({ timeout: 20 }));
        break;
      default:
        await (step.ms === 0 ? turn() : pause(step.ms));
    }
  }

  readonly promise = (promise: Promise<unknown>): void => {
    this.#promises.push(promise.catch(() => undefined));
  };

  async #stream(count: number, leave: number): Promise<void> {
    let next = 0;
    for await (const { index } of this.#a.client(Echo).count({ count }, { timeout: 2000 })) {
      if (index !== next++) this.faults.push(`stream item ${index} in place of ${next - 1}`);
      if (index === leave) break;
    }
  }

  async #restart(who: "a" | "b"): Promise<void> {
    if (who === "b") {
      this.#reader?.end();
      this.#reader = undefined;
      await this.#rig.stop("b", 20);
      await this.#startB();
      return;
    }
    const old = this.#a;
    await this.#rig.stop("a", 20);
    this.#check(old, true);
    this.#a = await this.#rig.start("a");
  }

  check(): void {
    this.#check(this.#a, false);
    this.#check(this.#b, false);
  }

  #check(bus: Bus, isOver: boolean): void {
    const accounts = bus.accounts();
    this.faults.push(...faultsOf(accounts));
    if (!isOver) return;
    for (const edge of accounts.edges) {
      if (edge.data.inFlight + edge.control.inFlight !== 0) this.faults.push(`after closing: ${JSON.stringify(edge)}`);
    }
  }

  async end(): Promise<void> {
    await this.#rig.stop("a", 100);
    this.#check(this.#a, true);
    this.#reader?.end();
    await this.#rig.stop("b", 100);
    this.#check(this.#b, true);
    let settled = false;
    void Promise.all(this.#promises).then(() => (settled = true));
    await until(() => settled, "all promises");
    await this.#rig.close();
    if (this.#rig.clock.pending !== 0) this.faults.push(`${this.#rig.clock.pending} timers are left`);
  }
}

const runs: Record<Place, number> = { local: 20, unix: 14 };

for (const place of PLACES) {
  test(`semantics/4.3 whatever happens, accounts add up and everything settles once, over ${place}`, async () => {
    const unhandled: unknown[] = [];
    let delivered = 0;
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const policies = fc.tuple(...TYPES.map(() => fc.constantFrom(...POLICIES)));
    try {
      await fc.assert(
        fc.asyncProperty(
          policies,
          fc.boolean(),
          fc.array(operation, { minLength: 20, maxLength: 60 }),
          async (chosen, patient, operations) => {
            const timeoutMs = patient ? 60_000 : 40;
            const rig = await openRig(
              place,
              {
                services: {
                  a: { publishes: [...TYPES], calls: [Echo] },
                  b: { subscribes: [...TYPES], serves: [Echo] },
                },
                timeoutMs,
                capacityBytes: 16 * 1024,
              },
              (plan) => ({
                ...plan,
                edges: plan.edges.map((edge) => ({
                  ...edge,
                  types: edge.types.map((entry, i) => ({
                    ...entry,
                    policy: { kind: PolicyKind[chosen[i]], timeoutMs },
                  })),
                })),
              }),
            );
            const world = new World(rig, patient);
            await world.begin();
            for (const step of operations) {
              await world.run(step);
              world.check();
            }
            await world.end();
            delivered += world.delivered;
            expect(world.faults).toEqual([]);
            await turn();
            expect(unhandled).toEqual([]);
          },
        ),
        { numRuns: runs[place], endOnFailure: true, verbose: 1 },
      );
      // Else the operations never met an open link, and nothing was shown.
      expect(delivered).toBeGreaterThan(20);
    } finally {
      process.off("unhandledRejection", note);
    }
  }, 120_000);
}
