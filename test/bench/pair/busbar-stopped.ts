/** Ours with a subscriber that stops reading after the first messages: what does a blocked publisher cost? */

import { Tick } from "#generated/busbar/testing";
import { startHub } from "./busbar-hub.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK, makeTick, workloadOf } from "./workloads.ts";

const TURN_MS = 1;

export const busbarStopped: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const { type } = workloadOf(options.workload);
    const bus = (await startHub("b", options)).bus("b");
    const back = bus.publisher(Tick);
    const iterator = bus.subscriber(type)[Symbol.asyncIterator]();
    const read = async (): Promise<void> => {
      let handled = 0;
      for (;;) {
        const { value } = await iterator.next();
        handled++;
        if ((value as { seq: number }).seq !== ASK) continue;
        back.tryPublish(makeTick(handled));
        // The iterator stays open and is never asked again.
        return;
      }
    };
    void read();
    return "";
  },

  async drive(options: SideOptions): Promise<Driver> {
    const { type, make } = workloadOf(options.workload);
    const hub = await startHub("a", options);
    const bus = hub.bus("a");
    const publisher = bus.publisher(type);
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count - 1; i++) await publisher.publish(make(i));
        await publisher.publish(make(ASK));
      },
      ping: () => undefined,
      async stall(ms) {
        const end = performance.now() + ms;
        let accepted = 0;
        while (performance.now() < end) {
          while (publisher.tryPublish(make(accepted)) === "sent") accepted++;
          await new Promise((resolve) => setTimeout(resolve, TURN_MS));
        }
        // One that waits, as `await publish` of a blocked program does.
        publisher.publish(make(accepted)).catch(() => undefined);
        return accepted;
      },
    };
    bus.subscriber(Tick).on((tick) => driver.answered(tick.seq));
    await hub.connected({ timeout: "20s" });
    return driver;
  },
};
