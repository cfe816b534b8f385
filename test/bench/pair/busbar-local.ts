/** Ours inside one process: the whole API by reference. The variant is the number of subscribing services, "await" or "new". */
import { Tick, type TickInit } from "#generated/busbar/testing";
import { testHub } from "../../support/hub.ts";
import { planOf, type TestService } from "../../support/plan.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { madeBefore, makeTick, sink, workloadOf } from "./workloads.ts";

export const busbarLocal: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const waits = options.variant === "await";
    const fanout = Number(options.variant) || 1;
    const workload = workloadOf(options.workload);
    const { readObject } = workload;
    const messages = madeBefore(workload);
    const mask = messages.length - 1;
    const services: Record<string, TestService> = { a: { publishes: [Tick] } };
    for (let i = 0; i < fanout; i++) services[`b${i}`] = { subscribes: [Tick] };
    const hub = testHub({ development: false, plan: planOf({ services }) });
    await hub.start();
    const publisher = hub.bus("a").publisher<unknown, TickInit, never>(Tick as never);
    let handled = 0;
    for (let i = 0; i < fanout; i++) {
      hub
        .bus(`b${i}`)
        .subscriber(Tick)
        .on((tick) => {
          handled++;
          sink[0] += readObject(tick as never);
        });
    }
    await hub.connected();
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        if (waits) for (let i = 0; i < count; i++) await publisher.publish(messages[i & mask]);
        else if (options.variant === "new") for (let i = 0; i < count; i++) publisher.tryPublish(makeTick(i));
        else for (let i = 0; i < count; i++) publisher.tryPublish(messages[i & mask]);
        driver.answered(handled / fanout);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
