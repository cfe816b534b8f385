/** Helpers of this room's tests: a clock that is moved by hand, and plans from a few words. */
import type { Clock } from "#core";
import {
  Carrier,
  Delivery,
  type Edge,
  type Plan,
  type Process,
  type Restart,
  RunKind,
  type Service,
  Wait,
} from "#generated/busbar/plan";
import { sourceIdOf } from "#wire";

export class TestClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Fires what is due, in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

export interface ServiceSketch extends Partial<Omit<Service, "restart" | "name">> {
  name: string;
  restart?: Partial<Restart>;
}

export interface PlanSketch {
  services: ServiceSketch[];
  /** caller, server */
  calls?: [string, string][];
  /** publisher, subscriber */
  publishes?: [string, string][];
  topology?: string;
  runtimeDir?: string;
}

/** A plan whose services each have a process of their own name unless told otherwise. */
export function makePlan(sketch: PlanSketch): Plan {
  const services = sketch.services.map(
    (service): Service => ({
      id: sourceIdOf(service.name),
      node: service.process ?? service.name,
      process: service.name,
      kind: RunKind.typescript,
      target: null,
      args: [],
      env: [],
      cwd: null,
      config: null,
      publishes: [],
      subscribes: [],
      serves: [],
      calls: [],
      open: true,
      threads: 1,
      ownThread: false,
      isolate: false,
      instance: 0,
      instances: 1,
      concurrency: 64,
      wait: Wait.adaptive,
      history: [],
      readyTimeoutMs: 30_000,
      stopTimeoutMs: 5000,
      clock: false,
      ...service,
      restart: {
        policy: 1,
        max: 5,
        windowMs: 60_000,
        backoffMinMs: 200,
        backoffMaxMs: 10_000,
        ...service.restart,
      },
    }),
  );
  const names = [...new Set(services.map((service) => service.process))];
  const processes = names.map(
    (name): Process => ({
      name,
      node: name,
      services: services.filter((service) => service.process === name).map((service) => service.name),
      socket: `${name}.sock`,
      host: null,
      port: 0,
      threadOf: null,
    }),
  );
  const edge = (source: string, target: string, part: Partial<Edge>): Edge => ({
    source,
    target,
    carrier: Carrier.unix,
    reason: null,
    types: [],
    rpcs: [],
    policy: null,
    open: false,
    capacityBytes: 1 << 20,
    messageBytesMax: 1 << 18,
    delivery: Delivery.plain,
    ...part,
  });
  return {
    bus: "test",
    hash: "0".repeat(64),
    topology: sketch.topology ?? null,
    mode: "bundled",
    runtimeDir: sketch.runtimeDir ?? null,
    schema: null,
    log: null,
    nodes: names.map((name) => ({ name, host: "localhost", port: 0, here: true, processes: [name], services: [] })),
    processes,
    services,
    edges: [
      ...(sketch.calls ?? []).map(([source, target]) => edge(source, target, { rpcs: [`test.${target}`] })),
      ...(sketch.publishes ?? []).map(([source, target]) =>
        edge(source, target, { types: [{ type: "test.Message", policy: null }] }),
      ),
    ],
    types: [],
    methods: [],
    keys: null,
    warnings: [],
  };
}
