/** Battles for tests: the workload of the bench, and one with everything in it. */
import type { BattleInit, UnitsInit } from "#generated/combat";
import { Rules } from "#generated/combat";
import { unitsOf } from "../units.ts";

/** 50 plain units in a line: one side of "50 v 50 units, basic rules". */
export const line = (first: number, count: number, x: number): UnitsInit => {
  const rows = Array.from({ length: count }, (_, i) => ({
    id: BigInt(first + i),
    x,
    y: 5 * i,
    hp: 100,
    shields: 20,
    armor: 25,
    speed: 5,
    evasion: 0.1,
    weapons: [{ damage: 15, range: 24, accuracy: 0.7 }],
  }));
  return unitsOf(rows);
};

export const plainBattle = (combatId: string): BattleInit => ({
  combatId,
  turnNumber: 1,
  attackers: line(1, 50, 0),
  defenders: line(1001, 50, 30),
});

export const tacticalBattle = (combatId: string, shift: number): BattleInit => ({
  combatId,
  turnNumber: 3,
  attackers: unitsOf([
    {
      id: 1n,
      x: shift,
      speed: 6,
      armor: 40,
      doctrine: "charge",
      facing: 0,
      weapons: [{ kind: "melee", range: 3, damage: 2 }],
    },
    { id: 3n, x: shift - 4, y: 5, speed: 5, tags: 1, weapons: [{ damage: 1, strength: 3, cooldown: 2 }] },
    {
      id: 5n,
      x: shift - 4,
      y: -5,
      speed: 5,
      doctrine: "kite",
      weapons: [{ kind: "missile", arc: "prow", damage: 1, range: 30 }],
    },
  ]),
  defenders: unitsOf([
    {
      id: 2n,
      x: 40,
      speed: 4,
      facing: 180,
      cover: "heavy",
      doctrine: "defend",
      weapons: [{ damage: 1 }, { damage: 2, cooldown: 3 }],
    },
    {
      id: 4n,
      x: 44,
      y: 6,
      speed: 4,
      facing: 180,
      tags: 2,
      morale: 60,
      maxMorale: 100,
      weapons: [{ kind: "beam", damage: 1 }],
    },
  ]),
  config: { rules: Rules.tactical, events: true, damage: true, maxSteps: 120 },
});
