/** Tells the black box what happens, numbered and dated. */
import type { Bus, Publisher } from "#bus";
import {
  CombatEnd,
  type CombatEndInit,
  CombatStart,
  type CombatStartInit,
  DamageDealt,
  type DamageDealtInit,
  type DamageType,
  EntityDestroyed,
  type EntityDestroyedInit,
  EntitySpawned,
  type EntitySpawnedInit,
  EventType,
  FactionAction,
  type FactionActionInit,
  TurnEnd,
  type TurnEndInit,
  TurnStart,
  type TurnStartInit,
} from "#generated/blackbox";
import type { Aftermath, Meeting, ShipHere } from "./battles.ts";
import { idOfFaction } from "./genesis.ts";

interface Header {
  timestamp: bigint;
  sequence: bigint;
  factionId: bigint;
  turnNumber: number;
  eventType: EventType;
}

export class Recorder {
  /** Simulated time, ns, of what is told from now on. */
  timeNs = 0n;
  turn = 0;
  #sequence = 0n;
  readonly #combatStart: Publisher<CombatStartInit>;
  readonly #combatEnd: Publisher<CombatEndInit>;
  readonly #damage: Publisher<DamageDealtInit>;
  readonly #spawned: Publisher<EntitySpawnedInit>;
  readonly #destroyed: Publisher<EntityDestroyedInit>;
  readonly #turnStart: Publisher<TurnStartInit>;
  readonly #turnEnd: Publisher<TurnEndInit>;
  readonly #action: Publisher<FactionActionInit>;

  constructor(bus: Bus) {
    this.#combatStart = bus.publisher(CombatStart);
    this.#combatEnd = bus.publisher(CombatEnd);
    this.#damage = bus.publisher(DamageDealt);
    this.#spawned = bus.publisher(EntitySpawned);
    this.#destroyed = bus.publisher(EntityDestroyed);
    this.#turnStart = bus.publisher(TurnStart);
    this.#turnEnd = bus.publisher(TurnEnd);
    this.#action = bus.publisher(FactionAction);
  }

  /** Events told so far. */
  get events(): bigint {
    return this.#sequence;
  }

  turnStart(faction: string): Promise<void> {
    const factionId = idOfFaction(faction);
    const header = this.#header(EventType.turnStart, factionId);
    return this.#turnStart.publish({ header, factionId, turnNumber: this.turn, actions: [] });
  }

  turnEnd(faction: string, actions: readonly string[]): Promise<void> {
    const factionId = idOfFaction(faction);
    const header = this.#header(EventType.turnEnd, factionId);
    return this.#turnEnd.publish({ header, factionId, turnNumber: this.turn, actions: [...actions] });
  }

  action(faction: string, action: string, targets: readonly bigint[], reason: string): Promise<void> {
    const header = this.#header(EventType.factionAction, idOfFaction(faction));
    return this.#action.publish({ header, action, targets: BigUint64Array.from(targets), reason });
  }

  spawned(id: bigint, kind: string, faction: string, at: { x: number; y: number }): Promise<void> {
    const factionId = idOfFaction(faction);
    const header = this.#header(EventType.entitySpawned, factionId);
    return this.#spawned.publish({
      header,
      entityId: id,
      entityType: kind,
      factionId,
      position: { x: at.x, y: at.y, z: 0 },
    });
  }

  /** A whole battle: who met, each hit, who is gone, who won. */
  async battle(id: string, meeting: Meeting, ships: ReadonlyMap<bigint, ShipHere>, after: Aftermath): Promise<void> {
    const [attacker, defender] = [idOfFaction(meeting.attacker), idOfFaction(meeting.defender)];
    const location = { x: meeting.x, y: meeting.y, z: 0 };
    await this.#combatStart.publish({
      header: this.#header(EventType.combatStart, attacker),
      combatId: id,
      attackerFaction: attacker,
      defenderFaction: defender,
      location,
      participants: BigUint64Array.from(ships.keys()),
    });
    const factionOf = (ship: bigint): bigint => idOfFaction(ships.get(ship)?.faction ?? "");
    for (const hit of after.hits) {
      await this.#damage.publish({
        header: this.#header(EventType.damageDealt, factionOf(hit.source)),
        combatId: id,
        sourceEntity: hit.source,
        targetEntity: hit.target,
        damageAmount: hit.amount,
        damageType: hit.type as DamageType,
        weaponId: 0n,
      });
    }
    for (const ship of after.destroyed) {
      const factionId = factionOf(ship);
      await this.#destroyed.publish({
        header: this.#header(EventType.entityDestroyed, factionId),
        entityId: ship,
        entityType: ships.get(ship)?.kind ?? "",
        factionId,
        position: location,
      });
    }
    await this.#combatEnd.publish({
      header: this.#header(EventType.combatEnd, attacker),
      combatId: id,
      result: after.result,
      survivors: BigUint64Array.from(after.survivors),
      duration: after.steps,
    });
  }

  #header(eventType: EventType, factionId: bigint): Header {
    this.#sequence += 1n;
    return { timestamp: this.timeNs, sequence: this.#sequence, factionId, turnNumber: this.turn, eventType };
  }

  /** Everything told so far has been taken by whoever listens. */
  async flush(): Promise<void> {
    const all = [this.#combatStart, this.#combatEnd, this.#damage, this.#spawned, this.#destroyed];
    await Promise.all([...all, this.#turnStart, this.#turnEnd, this.#action].map((publisher) => publisher.flush()));
  }
}
