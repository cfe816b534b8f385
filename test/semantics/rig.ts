/** Two services joined by a transport whose links a test can break, with every promise and timer counted. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Accounts, Bus, Clock, Hub } from "#core";
import type { Plan } from "#generated/busbar/plan";
import type { Admission, Carrier, Transport } from "#transport";
import { createLocalTransport } from "#transport/local";
import { createUnixTransport } from "#transport/socket";
import { BusError } from "#wire";
import { type LogLine, recordingLog, systemClock, testHub } from "../support/hub.ts";
import { planOf, type TestPlanOptions } from "../support/plan.ts";

export type Place = "local" | "unix";
export const PLACES: readonly Place[] = ["local", "unix"];

/** The system's clock; knows which timers are set. */
export class CountingClock implements Clock {
  pending = 0;

  now(): number {
    return systemClock.now();
  }

  wallMs(): number {
    return systemClock.wallMs();
  }

  after(ms: number, callback: () => void): () => void {
    this.pending++;
    let isSet = true;
    const end = (): void => {
      if (isSet) this.pending--;
      isSet = false;
    };
    const cancel = systemClock.after(ms, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  }
}

/** Passes everything on and remembers the carriers, so that a test can break them. */
const breakable = (inner: Transport, links: Set<() => void>): Transport => {
  const watched = (carrier: Carrier): Carrier => {
    const open = carrier.open.bind(carrier) as (receiver: { closed(cause: BusError): void }) => void;
    carrier.open = (receiver: { closed(cause: BusError): void }) => {
      links.add(() => {
        if (carrier.kind === "bytes") carrier.abort();
        else carrier.close();
        receiver.closed(
          new BusError("transport/link-lost", { details: { peer: "test", reason: "broken on purpose" } }),
        );
      });
      open(receiver);
    };
    return carrier;
  };
  return {
    name: inner.name,
    features: inner.features,
    listen: (options) =>
      inner.listen({
        ...options,
        admit: (hello, peer): Admission => {
          const admission = options.admit(hello, peer);
          if ("refuse" in admission) return admission;
          return { ...admission, attach: (carrier) => admission.attach(watched(carrier)) };
        },
      }),
    dial: async (options) => watched(await inner.dial(options)),
    close: () => inner.close(),
  };
};

export interface Rig {
  readonly clock: CountingClock;
  readonly log: LogLine[];
  /** Opens the service, in its own hub unless the place is local. A higher epoch each time. */
  start(service: string): Promise<Bus>;
  /** Ends the service as if its process ended in good order. */
  stop(service: string, drain?: number): Promise<void>;
  hub(service: string): Hub;
  /** Breaks the link that was opened last. */
  breakLink(): void;
  close(): Promise<void>;
}

export const openRig = async (
  place: Place,
  options: TestPlanOptions,
  change: (plan: Plan) => Plan = (plan) => plan,
): Promise<Rig> => {
  const folder = await mkdtemp(join(tmpdir(), "busbar-rig-"));
  const clock = new CountingClock();
  const log = recordingLog();
  const links = new Set<() => void>();
  const hubs = new Map<string, Hub>();
  const buses = new Map<string, Bus>();
  const epochs = new Map<string, number>();
  const processOf = (name: string): string => (place === "local" ? "main" : `p-${name}`);
  const services = Object.fromEntries(
    Object.entries(options.services).map(([name, service]) => [name, { ...service, process: processOf(name) }]),
  );
  const makeHub = async (process: string): Promise<Hub> => {
    const transport = place === "local" ? createLocalTransport() : createUnixTransport({});
    const hub = testHub({
      plan: change(planOf({ ...options, services })),
      process,
      clock,
      log,
      // The later one of a name wins.
      transports: [breakable(transport, links)],
      epochOf: (name) => epochs.get(name) ?? 1,
      addressOf: (name, kind) =>
        kind === "unix" ? { transport: kind, path: join(folder, `${name}.sock`) } : undefined,
    });
    hubs.set(process, hub);
    return hub;
  };
  return {
    clock,
    log: log.lines,
    hub: (service) => hubs.get(processOf(service)) as Hub,
    async start(service) {
      epochs.set(service, (epochs.get(service) ?? 0) + 1);
      const process = processOf(service);
      const known = hubs.get(process);
      const hub = known ?? (await makeHub(process));
      const bus = hub.bus(service);
      buses.set(service, bus);
      if (known === undefined) await hub.start();
      return bus;
    },
    async stop(service, drain = 200) {
      await buses.get(service)?.close({ drain });
      buses.delete(service);
      if (place === "local") return;
      await hubs.get(processOf(service))?.close({ drain });
      hubs.delete(processOf(service));
    },
    breakLink() {
      for (const link of [...links]) link();
      links.clear();
    },
    async close() {
      await Promise.all([...hubs.values()].map((hub) => hub.close({ drain: 200 })));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** What does not add up, per edge and lane; empty when all is well (semantics.md 4.3). */
export const faultsOf = (accounts: Accounts): string[] => {
  const faults: string[] = [];
  for (const edge of accounts.edges) {
    for (const lane of ["data", "control"] as const) {
      const { published, delivered, inFlight, dropped } = edge[lane];
      const sum = delivered + inFlight + Object.values(dropped).reduce((a, b) => a + b, 0);
      const isNegative = [published, delivered, inFlight, ...Object.values(dropped)].some((count) => count < 0);
      if (sum !== published || isNegative) faults.push(`${edge.edge} ${lane}: ${JSON.stringify(edge[lane])}`);
    }
    if (edge.waiting > 2 * 1024) faults.push(`${edge.edge}: ${edge.waiting} messages wait`);
  }
  return faults;
};

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
