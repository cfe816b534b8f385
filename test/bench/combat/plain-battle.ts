/** A battle of the basic rules as one would write it in TypeScript: the same steps as services/combat, columns, no events. */
export interface Side {
  readonly count: number;
  readonly x: number;
}

const [STOP, RANGE, SPEED, DAMAGE] = [20, 24, 5, 15];
const [HIT, PASSES] = [0.6, 0.8];
const STEPS_MAX = 500;

export interface PlainOutcome {
  readonly steps: number;
  /** 0 attackers, 1 defenders, -1 nobody. */
  readonly winner: number;
  readonly hpLost: number;
}

/** 50 plain units a side as in services/combat/testing/battles.ts: hp 100, shields 20, armor 25, accuracy 0.7, evasion 0.1. */
export const plainBattle = (sides: readonly [Side, Side], random: () => number): PlainOutcome => {
  const n = sides[0].count + sides[1].count;
  const [x, y, nextX, nextY] = [new Float64Array(n), new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const hp = new Float64Array(n).fill(100);
  const shields = new Float64Array(n).fill(20);
  const target = new Int32Array(n).fill(-1);
  const living: number[][] = [[], []];
  sides.forEach((side, which) => {
    for (let i = 0; i < side.count; i++) {
      const unit = which * sides[0].count + i;
      x[unit] = side.x;
      y[unit] = 5 * i;
      living[which].push(unit);
    }
  });
  const shots: number[] = [];
  const amounts: number[] = [];
  let steps = 0;
  for (; living[0].length > 0 && living[1].length > 0 && steps < STEPS_MAX; steps++) {
    for (const units of living) {
      for (const unit of units) {
        [nextX[unit], nextY[unit]] = [x[unit], y[unit]];
        const aim = target[unit];
        if (aim < 0 || hp[aim] <= 0) continue;
        const dx = x[aim] - x[unit];
        const dy = y[aim] - y[unit];
        const square = dx * dx + dy * dy;
        if (square <= STOP * STOP) continue;
        const distance = Math.sqrt(square);
        const way = Math.min(SPEED, distance - STOP) / distance;
        nextX[unit] = x[unit] + dx * way;
        nextY[unit] = y[unit] + dy * way;
      }
    }
    for (const units of living) for (const unit of units) [x[unit], y[unit]] = [nextX[unit], nextY[unit]];
    shots.length = amounts.length = 0;
    for (let which = 0; which < 2; which++) {
      for (const unit of living[which]) {
        if (target[unit] < 0 || hp[target[unit]] <= 0) {
          let best = Number.POSITIVE_INFINITY;
          for (const other of living[1 - which]) {
            const dx = x[other] - x[unit];
            const dy = y[other] - y[unit];
            const square = dx * dx + dy * dy;
            if (square < best) [best, target[unit]] = [square, other];
          }
        }
        const dx = x[target[unit]] - x[unit];
        const dy = y[target[unit]] - y[unit];
        if (dx * dx + dy * dy > RANGE * RANGE || random() >= HIT) continue;
        shots.push(target[unit]);
        amounts.push(DAMAGE * (0.9 + 0.2 * random()));
      }
    }
    let dead = false;
    for (let i = 0; i < shots.length; i++) {
      const aim = shots[i];
      if (hp[aim] <= 0) continue;
      const amount = amounts[i] * PASSES;
      const absorbed = Math.min(shields[aim], amount);
      shields[aim] -= absorbed;
      hp[aim] = Math.max(0, hp[aim] - (amount - absorbed));
      dead ||= hp[aim] <= 0;
    }
    if (dead) for (let which = 0; which < 2; which++) living[which] = living[which].filter((unit) => hp[unit] > 0);
  }
  const winner = living[0].length > 0 ? (living[1].length > 0 ? 1 : 0) : living[1].length > 0 ? 1 : -1;
  return { steps, winner, hpLost: 100 * n - hp.reduce((sum, value) => sum + value, 0) };
};
