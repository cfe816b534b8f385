/** Seeded numbers for vectors: the same on every machine (a 32-bit linear congruential generator, upper bits used). */
export function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * sides);
  };
}

export function randomBytes(roll: (sides: number) => number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => roll(256));
}
