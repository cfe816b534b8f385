import { CombatResult, type Outcome, type SideOutcome, UnitState } from "#generated/combat";

/** One unit after a battle. */
export interface SideRow {
  unitId: bigint;
  factionId: bigint;
  currentHp: number;
  maxHp: number;
  currentShields: number;
  currentMorale: number;
  maxMorale: number;
  /** Seconds in which it moved or fired. */
  fatigue: number;
  state: keyof typeof UnitState;
  x: number;
  y: number;
  damageReceived: { tick: number; amount: number; type: number; source: bigint }[];
}

/** An outcome as plain rows, for printing and for small battles. */
export interface OutcomeRow {
  combatId: string;
  turnNumber: number;
  result: keyof typeof CombatResult;
  steps: number;
  attackers: SideRow[];
  defenders: SideRow[];
  statistics: Record<string, number>;
}

const STATES = Object.keys(UnitState) as (keyof typeof UnitState)[];
const RESULTS = Object.keys(CombatResult) as (keyof typeof CombatResult)[];

/** Statistics of an outcome by name. @param names `statisticNames` of the answer */
export const statisticsOf = (outcome: Pick<Outcome, "statistics">, names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, outcome.statistics[i] ?? Number.NaN]));

/** @param names `statisticNames` of the answer; @throws nothing: a refused battle has no rows, see `checkOutcome` */
export function rowsOf(outcome: Outcome, names: readonly string[]): OutcomeRow {
  return {
    combatId: outcome.combatId ?? "",
    turnNumber: outcome.turnNumber,
    result: RESULTS[outcome.result] ?? "unknown",
    steps: outcome.steps,
    attackers: sideRows(outcome.attackers),
    defenders: sideRows(outcome.defenders),
    statistics: statisticsOf(outcome, names),
  };
}

function sideRows(side: SideOutcome | null): SideRow[] {
  if (side === null) return [];
  const rows = Array.from(side.unitId, (unitId, i): SideRow => {
    return {
      unitId,
      factionId: side.factionId[i] ?? 0n,
      currentHp: side.currentHp[i] ?? 0,
      maxHp: side.maxHp[i] ?? 0,
      currentShields: side.currentShields[i] ?? 0,
      currentMorale: side.currentMorale[i] ?? 0,
      maxMorale: side.maxMorale[i] ?? 0,
      fatigue: side.fatigue[i] ?? 0,
      state: STATES[side.state[i] ?? 0] ?? "steady",
      x: side.x[i] ?? 0,
      y: side.y[i] ?? 0,
      damageReceived: [],
    };
  });
  const damage = side.damageReceived;
  for (let i = 0; damage !== null && i < damage.unit.length; i++) {
    rows[damage.unit[i] ?? -1]?.damageReceived.push({
      tick: damage.tick[i] ?? 0,
      amount: damage.amount[i] ?? 0,
      type: damage.type[i] ?? 0,
      source: damage.source[i] ?? 0n,
    });
  }
  return rows;
}
