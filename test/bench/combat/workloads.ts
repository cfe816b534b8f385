/** What the combat suite works on, the same for every contestant. */
import { dice, openGrid, scatter } from "../../../services/combat/testing/maps.ts";

export const POINTS = 100_000;
/** So that a circle holds 32 of the points on average, which lie in a square of 100 x 100. */
export const RADIUS: number = Math.sqrt((32 * 100 * 100) / (Math.PI * POINTS));
export const SHOT_STEP = 0.0042;
export const SHOT_TARGET = 500;
export const SHOT_BC = 0.3;

export const points = (): ReturnType<typeof scatter> => scatter(POINTS, 3);

/** Positions anywhere among the points. */
export const positions = (count: number): { x: Float64Array; y: Float64Array } => {
  const real = dice(5);
  return {
    x: Float64Array.from({ length: count }, () => 100 * real()),
    y: Float64Array.from({ length: count }, () => 100 * real()),
  };
};

export const shots = (
  count: number,
): { velocity: Float64Array; angle: Float64Array; height: Float64Array; target: Float64Array } => ({
  velocity: Float64Array.from({ length: count }, (_, i) => 100 + 0.01 * i),
  angle: Float64Array.from({ length: count }, (_, i) => 0.3 + 1e-6 * i),
  height: new Float64Array(count).fill(2),
  target: new Float64Array(count).fill(300),
});

export const rifleShots = (count: number): { velocity: Float64Array; angle: Float64Array; target: Float64Array } => ({
  velocity: Float64Array.from({ length: count }, (_, i) => 700 + 0.05 * (i % 2000)),
  angle: new Float64Array(count).fill(0.01),
  target: new Float64Array(count).fill(SHOT_TARGET),
});

export const MAP_SIZE = 512;

/** An open map and pairs of cells on it that a path connects. */
export const journeys = (
  count: number,
): { grid: ReturnType<typeof openGrid>; start: Uint32Array; end: Uint32Array } => {
  const grid = openGrid(MAP_SIZE, 9);
  const real = dice(13);
  const free = (): number => {
    for (;;) {
      const cell = Math.floor(MAP_SIZE * MAP_SIZE * real());
      if (grid.cells[cell] === 46) return cell;
    }
  };
  const start = new Uint32Array(count);
  const end = new Uint32Array(count);
  for (let i = 0; i < count; i++) [start[i], end[i]] = [free(), free()];
  return { grid, start, end };
};
