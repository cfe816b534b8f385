/** For tests: a made-up war, the same for the same seed, as values and as recordings. */
import {
  CombatEnd,
  CombatStart,
  DamageDealt,
  EntityDestroyed,
  EntitySpawned,
  type EventHeader,
  FactionAction,
  Refused,
  SystemError,
  TurnEnd,
  TurnStart,
} from "#generated/blackbox";
import { decodeJson, encodeMessage, type JsonObject, loadBinarySchema, type MessageType } from "#schema";

/** What was recorded, beside the bytes that were written of it. */
export interface Recorded {
  readonly type: string;
  readonly messageType: Any;
  readonly time: bigint;
  readonly sequence: bigint;
  readonly published: bigint;
  /** Undefined: no event. */
  readonly turn: number | undefined;
  readonly faction: bigint | undefined;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly value: JsonObject;
}

// biome-ignore lint/suspicious/noExplicitAny: any message
export type Any = MessageType<any, any, any>;
export type Dice = (sides: number) => number;

/** xorshift32; @returns a function giving 0..sides-1 */
export function dice(seed: number): Dice {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % sides;
  };
}

export interface WarOptions {
  readonly seed: number;
  readonly turns: number;
  /** Events in a turn, ends included. Default 40. */
  readonly perTurn?: number;
  readonly factions?: number;
  /** How far simulated time may go back between neighbours, ns. Default 0. */
  readonly jitter?: number;
  /** Messages without a header, a few per turn. Default true. */
  readonly others?: boolean;
  /** Of the first event. Default 1; 0 = the publishers do not count. */
  readonly firstSequence?: bigint;
}

const TURN_NS = 1_000_000n;
const schema = loadBinarySchema(Buffer.from(DamageDealt.schema, "base64"));

export function war(options: WarOptions): Recorded[] {
  const { seed, turns, perTurn = 40, factions = 3, jitter = 0, others = true, firstSequence = 1n } = options;
  const roll = dice(seed);
  const list: Recorded[] = [];
  let sequence = firstSequence;
  const counts = firstSequence > 0n;
  const add = (messageType: Any, turn: number, at: bigint, faction: bigint, eventType: number, rest: object): void => {
    const back = jitter === 0 ? 0n : BigInt(roll(jitter));
    const timestamp = at > back ? at - back : 0n;
    const header: EventHeader = {
      timestamp,
      sequence: counts ? sequence : 0n,
      factionId: faction,
      turnNumber: turn,
      eventType: eventType as EventHeader["eventType"],
    };
    const recorded = counts ? sequence++ : BigInt(list.length + 1);
    list.push(recordedOf(messageType, { header, ...rest }, timestamp, recorded, turn, faction, ""));
  };
  let combats = 0;
  for (let turn = 1; turn <= turns; turn++) {
    const from = BigInt(turn) * TURN_NS;
    add(TurnStart, turn, from, 0n, 5, { turnNumber: turn, actions: ["move", "fight"] });
    const combat = `c${++combats}`;
    for (let i = 2; i < perTurn; i++) {
      const at = from + (TURN_NS * BigInt(i)) / BigInt(perTurn);
      const faction = BigInt(roll(factions));
      const entity = BigInt(roll(50)) + (1n << 60n);
      const position = { x: roll(100), y: roll(100) / 8, z: -1 };
      const kind = i === 2 ? 0 : i === perTurn - 1 ? 1 : 2 + roll(7);
      if (kind === 0)
        add(CombatStart, turn, at, faction, 0, {
          combatId: combat,
          attackerFaction: faction,
          defenderFaction: faction + 1n,
          location: position,
          participants: [entity, entity + 1n],
        });
      else if (kind === 1)
        add(CombatEnd, turn, at, faction, 1, { combatId: combat, result: 1, survivors: [entity], duration: i / 4 });
      else if (kind === 3)
        add(EntitySpawned, turn, at, faction, 3, {
          entityId: entity,
          entityType: "tank",
          factionId: faction,
          position,
        });
      else if (kind === 4)
        add(EntityDestroyed, turn, at, faction, 4, {
          entityId: entity,
          entityType: "tank",
          metadata: [{ key: "by", value: combat }],
        });
      else if (kind === 5)
        add(FactionAction, turn, at, faction, 7, { action: "fortify", targets: [entity], reason: `r${roll(9)}` });
      else if (kind === 6)
        add(SystemError, turn, at, 0n, 8, { code: "war/out-of-supply", text: "no fuel", context: [] });
      else
        add(DamageDealt, turn, at, faction, 2, {
          combatId: combat,
          sourceEntity: entity,
          targetEntity: BigInt(roll(50)) + (1n << 60n),
          damageAmount: roll(1000) / 8,
          damageType: roll(7),
          weaponId: BigInt(roll(5)),
        });
    }
    add(TurnEnd, turn, from + TURN_NS - 1n, 0n, 6, { turnNumber: turn });
    if (others) {
      const time = list.at(-1)!.time;
      const value = { reason: `turn ${turn}`, messages: BigInt(turn) };
      list.push(recordedOf(Refused, value, time, BigInt(list.length + 1), undefined, undefined, "news"));
    }
  }
  return list;
}

function recordedOf(
  messageType: Any,
  value: object,
  time: bigint,
  sequence: bigint,
  turn: number | undefined,
  faction: bigint | undefined,
  topic: string,
): Recorded {
  const payload = encodeMessage(messageType, value);
  const json = decodeJson(schema, messageType.name, payload);
  const published = 1_700_000_000_000_000_000n + sequence;
  return { type: messageType.name, messageType, time, sequence, published, turn, faction, topic, payload, value: json };
}
