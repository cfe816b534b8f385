import type { Driver } from "./contestant.ts";

/**
 * A driver whose burst is `work`, and whose answer is that all of it was done.
 * @param work does `count` units. @returns ns that they took; undefined: the time until it resolved
 */
export const drivenBy = (
  work: (count: number) => number | undefined | Promise<number | undefined> | Promise<void>,
): Driver => {
  let done = 0;
  const driver: Driver = {
    answered: () => undefined,
    async burst(count) {
      const ns = await work(count);
      if (ns !== undefined) driver.burstNs = ns;
      done += count;
      driver.answered(done);
    },
    ping: () => undefined,
  };
  return driver;
};
