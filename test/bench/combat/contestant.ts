/** One program doing one of the combat suite's jobs in a process of its own; the variant names the case. */
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { sink } from "../pair/workloads.ts";
import { CASES } from "./cases.ts";

export const combatCase: Contestant = {
  async drive({ variant, folder }: SideOptions): Promise<Driver> {
    const work = await CASES[variant](folder);
    return drivenBy(async (count) => {
      const sum = await work(count);
      if (!Number.isFinite(sum)) throw new Error(`${variant} gave something wrong`);
      sink[0] += sum;
    });
  },
};
