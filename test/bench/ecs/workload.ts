/** What every contestant of the ecs suite works on. */

export const ENTITIES = 1_000_000;
export const FACTIONS = 20;
export const WANTED = "f7";
export const HP_FROM = 200;
export const HP_BELOW = 700;
export const LIMIT = 100;
export const STEP = 0.25;

/** Products stay below 2^53, so that doubles, SQL integers and C++ agree. `i` counts from 1. */
const h = (i: number): number => (i * 2654435761) % 2 ** 32;
export const factionOf = (i: number): string => `f${Math.floor(h(i) / 32) % FACTIONS}`;
export const hpOf = (i: number): number => Math.floor(h(i) / 1024) % 1000;
export const xOf = (i: number): number => Math.floor(((i * 2246822519) % 2 ** 32) / 256);

let expected: number | undefined;

/** Matches, and the rows (from 0) of the first hundred, all added up: what each contestant has to find. */
export const expectedSum = (): number => {
  if (expected !== undefined) return expected;
  const found: number[] = [];
  for (let i = 1; i <= ENTITIES; i++) {
    if (factionOf(i) === WANTED && hpOf(i) >= HP_FROM && hpOf(i) < HP_BELOW) found.push(i);
  }
  found.sort((a, b) => xOf(a) - xOf(b) || a - b);
  expected = found.slice(0, LIMIT).reduce((sum, i) => sum + i - 1, found.length);
  return expected;
};
