/** Entities and maps for tests, the same every time. */
import type { GridMapInit, SpatialBuildRequestInit } from "#generated/combat";

/** Numbers in [0, 1) by a mixed counter, so that worlds need no file and pairs of draws have no pattern. */
export const dice = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
};

/** `count` entities in a square of 100 x 100, some factions and kinds. */
export const scatter = (count: number, seed = 1): SpatialBuildRequestInit & { x: Float64Array; y: Float64Array } => {
  const real = dice(seed);
  const x = Float64Array.from({ length: count }, () => 100 * real());
  const y = Float64Array.from({ length: count }, () => 100 * real());
  return {
    id: BigUint64Array.from({ length: count }, (_, i) => BigInt(i)),
    x,
    y,
    faction: Uint8Array.from({ length: count }, () => Math.floor(4 * real())),
    kind: Uint8Array.from({ length: count }, () => Math.floor(3 * real())),
  };
};

const OPEN = ".".charCodeAt(0);
const TREE = "T".charCodeAt(0);

/** An open map with scattered blocks, size x size; its border cells are free. */
export const openGrid = (size: number, seed = 7): GridMapInit & { cells: Uint8Array } => {
  const real = dice(seed);
  const cells = new Uint8Array(size * size).fill(OPEN);
  for (let left = Math.round((size * size) / 2200) + 2; left > 0; left--) {
    const [width, height] = [3 + Math.floor(15 * real()), 3 + Math.floor(15 * real())];
    const [x, y] = [1 + Math.floor((size - 2) * real()), 1 + Math.floor((size - 2) * real())];
    for (let row = y; row < Math.min(y + height, size - 1); row++) {
      cells.fill(TREE, row * size + x, row * size + Math.min(x + width, size - 1));
    }
  }
  return { width: size, height: size, cells };
};
