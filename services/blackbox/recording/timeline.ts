import type { JsonObject } from "#schema";
import type { Recording } from "./recording.ts";

/** What a faction did in a turn. */
export interface FactionTurn {
  readonly faction: string;
  events: number;
  /** DamageDealt events under its name, and their sum. */
  hits: number;
  damage: number;
  spawned: number;
  destroyed: number;
  readonly actions: string[];
}

export interface CombatTurn {
  readonly combat: string;
  attacker?: string;
  defender?: string;
  result?: string;
  hits: number;
  damage: number;
}

/** One turn in numbers. 64-bit numbers as text. */
export interface Timeline {
  readonly turn: number;
  readonly events: number;
  /** ns; undefined when there are no events. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly firstSequence: bigint | undefined;
  readonly lastSequence: bigint | undefined;
  readonly types: Readonly<Record<string, number>>;
  readonly factions: readonly FactionTurn[];
  readonly combats: readonly CombatTurn[];
  readonly errors: readonly { readonly time: bigint; readonly code: string; readonly text: string }[];
}

/** Lists of one answer: a turn of more is cut, and says so by its counts. */
const LIST_MAX = 1000;

export async function timelineOf(recording: Recording, turn: number): Promise<Timeline> {
  const types: Record<string, number> = {};
  const factions = new Map<bigint, FactionTurn>();
  const combats = new Map<string, CombatTurn>();
  const errors: { time: bigint; code: string; text: string }[] = [];
  let events = 0;
  let from: bigint | undefined;
  let to: bigint | undefined;
  let firstSequence: bigint | undefined;
  let lastSequence: bigint | undefined;
  for await (const event of recording.turn(turn)) {
    events++;
    from ??= event.time;
    to = event.time;
    const { sequence } = event;
    if (firstSequence === undefined || sequence < firstSequence) firstSequence = sequence;
    if (lastSequence === undefined || sequence > lastSequence) lastSequence = sequence;
    types[event.type] = (types[event.type] ?? 0) + 1;
    const id = event.faction ?? 0n;
    let faction = factions.get(id);
    if (faction === undefined) {
      faction = { faction: String(id), events: 0, hits: 0, damage: 0, spawned: 0, destroyed: 0, actions: [] };
      factions.set(id, faction);
    }
    faction.events++;
    switch (event.type) {
      case "blackbox.DamageDealt": {
        const value = event.value();
        const damage = Number(value.damage_amount);
        faction.hits++;
        faction.damage += damage;
        const combat = combatAt(combats, value);
        if (combat === undefined) break;
        combat.hits++;
        combat.damage += damage;
        break;
      }
      case "blackbox.CombatStart": {
        const value = event.value();
        const combat = combatAt(combats, value);
        if (combat === undefined) break;
        combat.attacker = String(value.attacker_faction);
        combat.defender = String(value.defender_faction);
        break;
      }
      case "blackbox.CombatEnd": {
        const value = event.value();
        const combat = combatAt(combats, value);
        if (combat !== undefined) combat.result = String(value.result);
        break;
      }
      case "blackbox.EntitySpawned":
        faction.spawned++;
        break;
      case "blackbox.EntityDestroyed":
        faction.destroyed++;
        break;
      case "blackbox.FactionAction":
        if (faction.actions.length < LIST_MAX) faction.actions.push(String(event.value().action ?? ""));
        break;
      case "blackbox.SystemError": {
        const value = event.value();
        if (errors.length < LIST_MAX)
          errors.push({ time: event.time, code: String(value.code ?? ""), text: String(value.text ?? "") });
        break;
      }
    }
  }
  return {
    turn,
    events,
    from,
    to,
    firstSequence,
    lastSequence,
    types,
    factions: [...factions.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, faction]) => faction),
    combats: [...combats.values()],
    errors,
  };
}

function combatAt(combats: Map<string, CombatTurn>, value: JsonObject): CombatTurn | undefined {
  const combat = String(value.combat_id ?? "");
  let entry = combats.get(combat);
  if (entry === undefined && combats.size < LIST_MAX) {
    entry = { combat, hits: 0, damage: 0 };
    combats.set(combat, entry);
  }
  return entry;
}
