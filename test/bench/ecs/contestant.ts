/** A peer of the ecs suite in a process of its own; the variant names the case. */
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { PEER_CASES } from "./peers.ts";

export const ecsPeer: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const work = await PEER_CASES[variant]();
    let done = 0;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        driver.burstNs = await work(count);
        done += count;
        driver.answered(done);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
