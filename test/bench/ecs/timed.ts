/** For contestants that time themselves. */
import type { Driver } from "../pair/contestant.ts";
import { STORED } from "./storage-rows.ts";

/** ns of any origin. */
export const now = (): number => performance.now() * 1e6;

/** Does its work once. @returns ns */
export type Once = () => Promise<number> | number;

export const timed = async (work: () => unknown): Promise<number> => {
  const start = now();
  await work();
  return now() - start;
};

export const checkRows = (rows: number): void => {
  if (rows !== STORED) throw new Error(`${rows} rows instead of ${STORED}`);
};

/** A driver whose burst takes what `work` says that it took. */
export const drivenBy = (work: (count: number) => Promise<number>): Driver => {
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
};
