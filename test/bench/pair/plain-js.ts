/** What a program without a bus does inside one process: an EventEmitter. The variant is the number of listeners or "new". */
import { EventEmitter } from "node:events";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { madeBefore, makeTick, sink, workloadOf } from "./workloads.ts";

export const plainJs: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const fanout = Number(options.variant) || 1;
    const workload = workloadOf(options.workload);
    const { readObject } = workload;
    const messages = madeBefore(workload);
    const mask = messages.length - 1;
    const emitter = new EventEmitter();
    emitter.setMaxListeners(fanout);
    let handled = 0;
    for (let i = 0; i < fanout; i++) {
      emitter.on("tick", (tick) => {
        handled++;
        sink[0] += readObject(tick as never);
      });
    }
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        if (options.variant === "new") for (let i = 0; i < count; i++) emitter.emit("tick", makeTick(i));
        else for (let i = 0; i < count; i++) emitter.emit("tick", messages[i & mask]);
        driver.answered(handled / fanout);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
