/** Ours inside one process: the whole API by reference. The variant is the number of subscribing services. */
import { Tick, type TickInit } from "#generated/busbar/testing";
import { testHub } from "../../support/hub.ts";
import { planOf, type TestService } from "../../support/plan.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { makeTick, workloadOf } from "./workloads.ts";

export const busbarLocal: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const waits = options.variant === "await";
    const fanout = waits ? 1 : Number(options.variant);
    const { readObject } = workloadOf(options.workload);
    const services: Record<string, TestService> = { a: { publishes: [Tick] } };
    for (let i = 0; i < fanout; i++) services[`b${i}`] = { subscribes: [Tick] };
    const hub = testHub({ development: false, plan: planOf({ services }) });
    await hub.start();
    const publisher = hub.bus("a").publisher<unknown, TickInit, never>(Tick as never);
    let handled = 0;
    let sum = 0;
    for (let i = 0; i < fanout; i++) {
      hub
        .bus(`b${i}`)
        .subscriber(Tick)
        .on((tick) => {
          handled++;
          sum += readObject(tick as never);
        });
    }
    await hub.connected();
    process.once("exit", () => sum);
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        if (waits) for (let i = 0; i < count; i++) await publisher.publish(makeTick(i));
        else for (let i = 0; i < count; i++) publisher.tryPublish(makeTick(i));
        driver.answered(handled / fanout);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
