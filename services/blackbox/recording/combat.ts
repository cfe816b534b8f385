import type { JsonObject } from "#schema";
import type { Recording } from "./recording.ts";

const TYPES = ["blackbox.CombatStart", "blackbox.CombatEnd", "blackbox.DamageDealt"];

/** A combat from its start to its end, as far as it was recorded. 64-bit numbers as text. */
export interface Combat {
  readonly combat: string;
  /** ns; undefined when that end was not recorded. */
  readonly started: bigint | undefined;
  readonly ended: bigint | undefined;
  readonly turns: readonly number[];
  readonly attacker: string | undefined;
  readonly defender: string | undefined;
  readonly participants: readonly string[];
  readonly survivors: readonly string[];
  readonly result: string | undefined;
  /** Simulated seconds, as CombatEnd says. */
  readonly duration: number | undefined;
  readonly damage: {
    readonly count: number;
    /** Added in the order of (time, sequence). */
    readonly sum: number;
    readonly byType: Readonly<Record<string, { readonly count: number; readonly sum: number }>>;
  };
}

export async function combatOf(recording: Recording, id: string): Promise<Combat | undefined> {
  const types = TYPES.filter((type) => recording.types.has(type));
  if (types.length === 0) return undefined;
  let start: JsonObject | undefined;
  let end: JsonObject | undefined;
  let started: bigint | undefined;
  let ended: bigint | undefined;
  const turns = new Set<number>();
  const byType: Record<string, { count: number; sum: number }> = {};
  let count = 0;
  let sum = 0;
  for await (const event of recording.query({ types, combat: id })) {
    const value = event.value();
    if (event.turn !== undefined) turns.add(event.turn);
    if (event.type === "blackbox.CombatStart") {
      start = value;
      started = event.time;
    } else if (event.type === "blackbox.CombatEnd") {
      end = value;
      ended = event.time;
    } else {
      const amount = Number(value.damage_amount);
      const kind = String(value.damage_type);
      byType[kind] ??= { count: 0, sum: 0 };
      byType[kind].count++;
      byType[kind].sum += amount;
      count++;
      sum += amount;
    }
  }
  if (start === undefined && end === undefined && count === 0) return undefined;
  return {
    combat: id,
    started,
    ended,
    turns: [...turns].sort((a, b) => a - b),
    attacker: text(start?.attacker_faction),
    defender: text(start?.defender_faction),
    participants: list(start?.participants),
    survivors: list(end?.survivors),
    result: text(end?.result),
    duration: typeof end?.duration === "number" ? end.duration : undefined,
    damage: { count, sum, byType },
  };
}

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
