/** For contestants that time themselves. */
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
