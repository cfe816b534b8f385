/** The event of the black box benches. */
import { type DamageDealtInit, EventType } from "#generated/blackbox";

/** Of an event's payload. */
export const EVENT_BYTES = 200;
export const CHUNK_BYTES: number = 128 * 1024;

/** About `EVENT_BYTES` long: 112 bytes of fields and a combat's name. */
export const eventOf = (sequence: bigint): DamageDealtInit => ({
  header: { timestamp: sequence, sequence, factionId: 3n, turnNumber: 7, eventType: EventType.damageDealt },
  combatId: "c".repeat(84),
  sourceEntity: 7n,
  targetEntity: 8n,
  damageAmount: 2.5,
});
