/** Ours between two processes: typed publish, encode, batch, verify, dispatch to a callback that reads every field. */
import { Tick } from "#generated/busbar/testing";
import { startHub } from "./busbar-hub.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK, makeTick, sink, workloadOf } from "./workloads.ts";

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
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        const last = count - 1;
        if (waits) for (let i = 0; i < last; i++) await publisher.publish(make(i));
        else {
          for (let i = 0; i < last; i++) {
            const message = make(i);
            while (publisher.tryPublish(message) !== "sent") await new Promise((resolve) => setImmediate(resolve));
          }
        }
        await publisher.publish(make(ASK));
      },
      ping: () => void publisher.tryPublish(make(ASK)),
    };
    bus.subscriber(Tick).on((tick) => driver.answered(tick.seq));
    await hub.connected({ timeout: "20s" });
    // The first publish waits until the other side's subscription has come.
    return driver;
  },
};
