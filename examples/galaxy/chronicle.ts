/**
 * Follows the galaxy from its messages alone, and answers who asks. A recording that is played back into it brings it to the
 * same state: that is what its hash is for.
 */
import { createHash } from "node:crypto";
import { type Bus, defineService, type ServiceModule } from "#bus";
import {
  CombatEnd,
  CombatStart,
  DamageDealt,
  EntityDestroyed,
  EntitySpawned,
  FactionAction,
  TurnEnd,
  TurnStart,
} from "#generated/blackbox";
import { Chronicle, type TurnDone as Done, type Standing, TurnDone } from "#generated/galaxy";

interface Header {
  readonly timestamp: bigint;
  readonly sequence: bigint;
  readonly factionId: bigint;
  readonly turnNumber: number;
}

export class Story {
  turn = 0;
  battles = 0;
  shipsLost = 0;
  events = 0n;
  standings: readonly Standing[] = [];
  #hash = createHash("sha256");

  /** @param rest what else counts, in a fixed order */
  tell(type: string, { timestamp, sequence, factionId, turnNumber }: Header, ...rest: readonly unknown[]): void {
    this.events += 1n;
    this.#add([type, timestamp, sequence, factionId, turnNumber, ...rest]);
  }

  turnDone(done: Done): void {
    this.#add(["turn", done.turn, done.battles, done.worldHash, done.battleHash]);
    this.turn = done.turn;
    this.battles += done.battles;
    this.shipsLost += done.shipsLost;
    this.standings = Array.from(done.standings, (row) => ({
      faction: row.faction,
      stars: row.stars,
      fleets: row.fleets,
      ships: row.ships,
      treasury: row.treasury,
      kills: row.kills,
    }));
  }

  /** Of everything told so far. */
  hash(): Buffer {
    return this.#hash.copy().digest();
  }

  #add(fields: readonly unknown[]): void {
    this.#hash.update(`${JSON.stringify(fields, plain)}\n`);
  }
}

/** 64-bit numbers as text, columns as lists. */
const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === "bigint") return String(value);
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : value;
};

function follow(bus: Bus, story: Story): void {
  bus.subscriber(TurnStart).on((e) => story.tell("turn-start", e.header));
  bus.subscriber(TurnEnd).on((e) => story.tell("turn-end", e.header, e.actions));
  bus.subscriber(FactionAction).on((e) => story.tell("action", e.header, e.action, e.targets, e.reason));
  bus.subscriber(EntitySpawned).on((e) => story.tell("spawned", e.header, e.entityId, e.entityType));
  bus.subscriber(EntityDestroyed).on((e) => story.tell("destroyed", e.header, e.entityId));
  bus.subscriber(CombatStart).on((e) => story.tell("combat-start", e.header, e.combatId, e.participants));
  bus.subscriber(CombatEnd).on((e) => story.tell("combat-end", e.header, e.combatId, e.result, e.survivors));
  bus.subscriber(DamageDealt).on((e) => story.tell("damage", e.header, e.sourceEntity, e.targetEntity, e.damageAmount));
  bus.subscriber(TurnDone).on((done) => story.turnDone(done));
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const story = new Story();
    follow(bus, story);
    context.clock.onTick(() => {});
    context.clock.onHash(() => story.hash().readBigUInt64LE());
    bus.serve(Chronicle, {
      told: () => {
        const { turn, battles, shipsLost, events, standings } = story;
        return { turn, battles, shipsLost, events, standings: [...standings], hash: story.hash().toString("hex") };
      },
    });
  },
});

export default service;
