/** One codec doing one thing in a process of its own; the variant names the case. */
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { sink } from "../pair/workloads.ts";
import { CASES } from "./cases.ts";

export const codecCase: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const operation = CASES[variant]();
    let done = 0;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += operation(i);
        if (Number.isNaN(sum)) throw new Error(`${variant} gave something wrong`);
        sink[0] += sum;
        done += count;
        driver.answered(done);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
