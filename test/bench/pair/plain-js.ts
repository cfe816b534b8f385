/** What a program without a bus does inside one process: an EventEmitter. The variant is the number of listeners. */
import { EventEmitter } from "node:events";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { makeTick, workloadOf } from "./workloads.ts";

export const plainJs: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const fanout = Number(options.variant);
    const { readObject } = workloadOf(options.workload);
    const emitter = new EventEmitter();
    emitter.setMaxListeners(fanout);
    let handled = 0;
    let sum = 0;
    for (let i = 0; i < fanout; i++) {
      emitter.on("tick", (tick) => {
        handled++;
        sum += readObject(tick as never);
      });
    }
    process.once("exit", () => sum);
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count; i++) emitter.emit("tick", makeTick(i));
        driver.answered(handled / fanout);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
