/** Ours between two processes: typed publish, encode, batch, verify, dispatch to a callback that reads every field. */
import type { Hub } from "#core";
import { Note, Tick } from "#generated/busbar/testing";
import { CROWD, crowd, startHub } from "./busbar-hub.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK, makeTick, sink, workloadOf } from "./workloads.ts";

/** How often a watcher reads the accounts of every edge, as telemetry does. ms */
const ACCOUNTS_MS = 1000;

/** Every service of the crowd publishes to every other one, once; then all accounts are read again and again. */
const keepAccounts = (hub: Hub): void => {
  const buses = crowd().map((name) => hub.bus(name));
  for (const bus of buses) bus.subscriber(Note).on((note) => void (sink[0] += note.seq));
  for (const bus of buses) bus.publisher(Note).tryPublish({ seq: 1 });
  const watched = (): number => buses.reduce((sum, bus) => sum + bus.accounts().edges.length, 0);
  const edges = watched();
  if (edges < CROWD * (CROWD - 1)) throw new Error(`accounts of ${edges} edges only`);
  setInterval(watched, ACCOUNTS_MS).unref();
};

export const busbar: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const { type, readView } = workloadOf(options.workload);
    const bus = (await startHub("b", options)).bus("b");
    const back = bus.publisher(Tick);
    let handled = 0;
    bus.subscriber(type).on((view) => {
      handled++;
      sink[0] += readView(view as never);
      if ((view as unknown as { seq: number }).seq === ASK) back.tryPublish(makeTick(handled));
    });
    return "";
  },

  async drive(options: SideOptions): Promise<Driver> {
    const { type, make } = workloadOf(options.workload);
    const hub = await startHub("a", options);
    const bus = hub.bus("a");
    const publisher = bus.publisher(type);
    const waits = options.variant === "await";
    // Over sockets these turns would take the processor from ZeroMQ's I/O thread; over a ring nobody else needs it, and a message that
    // waits is copied once more.
    const turns = options.transport === "ring";
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        const last = count - 1;
        if (waits) for (let i = 0; i < last; i++) await publisher.publish(make(i));
        else {
          for (let i = 0; i < last; i++) {
            const message = make(i);
            if (publisher.tryPublish(message) === "sent") continue;
            if (!turns) await publisher.publish(message);
            else
              do await new Promise((resolve) => setImmediate(resolve));
              while (publisher.tryPublish(message) !== "sent");
          }
        }
        await publisher.publish(make(ASK));
      },
      ping: () => void publisher.tryPublish(make(ASK)),
    };
    bus.subscriber(Tick).on((tick) => driver.answered(tick.seq));
    await hub.connected({ timeout: "20s" });
    if (options.variant === "edges") keepAccounts(hub);
    // The first publish waits until the other side's subscription has come.
    return driver;
  },
};
