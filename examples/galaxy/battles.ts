/** Who fights whom, and what is left of them: pure, between the world's rows and the requests of the combat service. */
import { type BattleInit, type CombatResult, type Outcome, UnitState } from "#generated/combat";
import { type UnitRow, unitsOf } from "../../services/combat/index.ts";
import { idOfFaction, NOBODY, SHIPS } from "./genesis.ts";

export interface FleetHere {
  readonly id: bigint;
  readonly faction: string;
}
export interface ShipHere {
  readonly id: bigint;
  readonly fleet: bigint;
  readonly faction: string;
  readonly kind: string;
  readonly hp: number;
  readonly max: number;
}
/** One star where two factions meet. */
export interface Meeting {
  readonly star: bigint;
  readonly x: number;
  readonly y: number;
  readonly attacker: string;
  readonly defender: string;
}

/** Distance of the two lines at the start; ships close in. */
const LINES_APART = 30;
const ROW = 8;

/**
 * At each star at most one battle a turn: of the two factions with most fleets there, ties by their order of play. The owner of
 * the star defends; where it owns nothing, the second of them does.
 * @param here fleets that are at rest, by star
 */
export function meetings(
  here: ReadonlyMap<bigint, readonly FleetHere[]>,
  stars: ReadonlyMap<bigint, { readonly x: number; readonly y: number; readonly owner: string }>,
): Meeting[] {
  const found: Meeting[] = [];
  for (const star of [...here.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const count = new Map<string, number>();
    for (const { faction } of here.get(star)!) count.set(faction, (count.get(faction) ?? 0) + 1);
    const ranked = [...count.keys()].sort(
      (a, b) => count.get(b)! - count.get(a)! || Number(idOfFaction(a) - idOfFaction(b)),
    );
    const [first, second] = ranked;
    const place = stars.get(star);
    if (first === undefined || second === undefined || place === undefined) continue;
    const [attacker, defender] = first === place.owner ? [second, first] : [first, second];
    found.push({ star, x: place.x, y: place.y, attacker, defender });
  }
  return found;
}

export const battleId = (turn: number, index: number): string => `t${turn}-b${index}`;

export function battleOf(
  id: string,
  turn: number,
  attackers: readonly ShipHere[],
  defenders: readonly ShipHere[],
): BattleInit {
  return {
    combatId: id,
    turnNumber: turn,
    attackers: unitsOf(attackers.map((ship, i) => unitOf(ship, i, 0))),
    defenders: unitsOf(defenders.map((ship, i) => unitOf(ship, i, LINES_APART))),
    config: { damage: true },
  };
}

function unitOf(ship: ShipHere, place: number, y: number): UnitRow {
  const { damage, speed } = SHIPS[ship.kind]!;
  return {
    id: ship.id,
    faction: idOfFaction(ship.faction),
    hp: ship.hp,
    maxHp: ship.max,
    speed,
    x: (place % ROW) * 2,
    y: y + Math.floor(place / ROW) * (y === 0 ? -2 : 2),
    weapons: [{ kind: "energy", damage }],
  };
}

export interface Hit {
  readonly source: bigint;
  readonly target: bigint;
  readonly amount: number;
  readonly type: number;
}
export interface Aftermath {
  readonly result: CombatResult;
  /** Ships that are hurt and live. */
  readonly hurt: readonly { readonly id: bigint; readonly hp: number }[];
  readonly destroyed: readonly bigint[];
  readonly survivors: readonly bigint[];
  readonly hits: readonly Hit[];
  /** Steps of the battle. */
  readonly steps: number;
  readonly hash: bigint;
}

export function aftermath(outcome: Outcome): Aftermath {
  const hurt: { id: bigint; hp: number }[] = [];
  const destroyed: bigint[] = [];
  const survivors: bigint[] = [];
  const hits: Hit[] = [];
  for (const side of [outcome.attackers, outcome.defenders]) {
    if (side === null) continue;
    for (const [i, id] of side.unitId.entries()) {
      const hp = side.currentHp[i] ?? 0;
      if (side.state[i] === UnitState.destroyed || hp <= 0) {
        destroyed.push(id);
        continue;
      }
      survivors.push(id);
      if (hp < (side.maxHp[i] ?? 0)) hurt.push({ id, hp });
    }
    const damage = side.damageReceived;
    for (let i = 0; damage !== null && i < damage.unit.length; i++) {
      hits.push({
        source: damage.source[i] ?? 0n,
        target: side.unitId[damage.unit[i] ?? 0] ?? 0n,
        amount: damage.amount[i] ?? 0,
        type: damage.type[i] ?? 0,
      });
    }
  }
  const { result, steps, hash } = outcome;
  return { result, hurt, destroyed, survivors, hits, steps, hash };
}

/** Whose the star is now, undefined where nothing changes: the winner of a battle's, else the only one's who is there. */
export function newOwner(owner: string, present: readonly string[]): string | undefined {
  const [only, another] = [...new Set(present)];
  if (only === undefined || another !== undefined || only === owner || only === NOBODY) return undefined;
  return only;
}
