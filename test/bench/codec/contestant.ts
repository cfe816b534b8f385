/** One codec doing one thing in a process of its own; the variant names the case. */
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { sink } from "../pair/workloads.ts";
import { CASES } from "./cases.ts";

export const codecCase: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const operation = CASES[variant]();
    return drivenBy(async (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += operation(i);
      if (Number.isNaN(sum)) throw new Error(`${variant} gave something wrong`);
      sink[0] += sum;
    });
  },
};
