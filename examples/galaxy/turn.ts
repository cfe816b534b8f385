/** One turn of the galaxy: each faction in its order, then the world moves, fights and earns. */
import type { Bus, Client, Publisher } from "#bus";
import { Combat } from "#generated/combat";
import {
  CombatEvent,
  type CombatEventInit,
  FactionTurnEnd,
  type FactionTurnEndInit,
  FactionTurnStart,
  type FactionTurnStartInit,
} from "#generated/ecs";
import { checkOutcome } from "../../services/combat/index.ts";
import { Stream } from "../common/streams.ts";
import {
  type Aftermath,
  aftermath,
  battleId,
  battleOf,
  type Meeting,
  meetings,
  newOwner,
  type ShipHere,
} from "./battles.ts";
import type { GalaxyConfig } from "./config.ts";
import { type Genesis, genesis, KINDS } from "./genesis.ts";
import { ordersOf, type StarSeen } from "./orders.ts";
import type { Recorder } from "./recorder.ts";
import type { StandingRow } from "./table.ts";
import { all, arrive, build, type Fleet, fleetsOf, type Galaxy, sidesOf, standingsOf, starsOf } from "./world.ts";

export interface TurnResult {
  readonly turn: number;
  readonly battles: number;
  readonly shipsLost: number;
  readonly standings: readonly StandingRow[];
  /** State hash of the ecs service. */
  readonly worldHash: bigint;
  /** Hash of the batch of battles; 0 without one. */
  readonly battleHash: bigint;
}

interface Battle {
  readonly id: string;
  readonly meeting: Meeting;
  readonly ships: ReadonlyMap<bigint, ShipHere>;
}

export class Game {
  readonly #world: Galaxy;
  readonly #config: GalaxyConfig;
  readonly #recorder: Recorder;
  readonly #combat: Client<typeof Combat>;
  readonly #turnStart: Publisher<FactionTurnStartInit>;
  readonly #turnEnd: Publisher<FactionTurnEndInit>;
  readonly #fought: Publisher<CombatEventInit>;
  readonly #genesis: Genesis;
  /** Fleets that each faction has built, for their names. */
  readonly #built = new Map<string, number>();

  constructor(bus: Bus, world: Galaxy, recorder: Recorder, config: GalaxyConfig) {
    this.#world = world;
    this.#config = config;
    this.#recorder = recorder;
    this.#combat = bus.client(Combat);
    this.#turnStart = bus.publisher(FactionTurnStart);
    this.#turnEnd = bus.publisher(FactionTurnEnd);
    this.#fought = bus.publisher(CombatEvent);
    this.#genesis = genesis(config);
  }

  /** Fills an empty world. */
  async begin(): Promise<void> {
    const { stars, treasuries, factions } = this.#genesis;
    all(await this.#world.createMany([...treasuries, ...stars]));
    const homes = await starsOf(this.#world);
    for (const faction of factions) {
      const home = homes.find(({ owner }) => owner === faction)!;
      const random = this.#stream("fleets", factions.indexOf(faction));
      for (let i = 0; i < this.#config.fleets; i++) {
        const kinds = Array.from({ length: this.#config.ships }, () => random.pick(KINDS));
        await this.#build(faction, home, kinds);
      }
    }
  }

  /** @param turn from 1 */
  async play(turn: number): Promise<TurnResult> {
    this.#recorder.turn = turn;
    for (const [i, faction] of this.#genesis.factions.entries()) await this.#factionTurn(faction, i, turn);
    await this.#world.run("movement", 1);
    const stars = new Map((await starsOf(this.#world)).map((star) => [star.id, star]));
    await arrive(this.#world, stars);
    const { battles, hash, lost } = await this.#fight(turn, stars);
    await this.#conquer(stars);
    await this.#world.run("regeneration", 1);
    await this.#world.run("ownership_income", 1);
    const standings = await standingsOf(this.#world, this.#genesis.factions);
    const worldHash = await this.#world.hash();
    return { turn, battles, shipsLost: lost, standings, worldHash, battleHash: hash };
  }

  async #factionTurn(faction: string, index: number, turn: number): Promise<void> {
    await this.#turnStart.publish({ faction, turn });
    await this.#recorder.turnStart(faction);
    const stars = await starsOf(this.#world);
    const mine = (await fleetsOf(this.#world)).fleets.filter((fleet) => fleet.faction === faction);
    const idle = mine.filter(({ atRest, ships }) => atRest && ships > 0);
    const { rows } = await this.#world.query({
      all: ["Faction", "Treasury"],
      where: [["Faction.name", "=", faction]],
    });
    const [purse] = rows;
    const random = this.#stream("orders", turn * this.#genesis.factions.length + index);
    const treasury = purse?.Treasury.amount ?? 0n;
    const { moves, purchase } = ordersOf(faction, treasury, stars, { idle, all: mine.length }, random);
    const done: string[] = [];
    const patches = moves.map(({ fleet, to }) => ({
      id: fleet.id,
      set: { Fleet: { star: to.id } },
      add: { Movement: { destination: [to.x, to.y], speed: fleet.speed } },
    }));
    if (patches.length > 0) all(await this.#world.updateMany(patches));
    for (const { fleet, to } of moves) {
      const owner = to.owner === "" ? "nobody" : to.owner;
      await this.#recorder.action(faction, "move", [fleet.id, to.id], `${fleet.name} to ${to.name}, held by ${owner}`);
      done.push(`move ${fleet.name} to ${to.name}`);
    }
    if (purchase !== undefined && purse !== undefined) {
      await this.#world.update(purse.id, { set: { Treasury: { amount: treasury - purchase.cost } } });
      const { fleet, name } = await this.#build(faction, purchase.at, purchase.kinds);
      await this.#recorder.action(faction, "build", [fleet], `${name} at ${purchase.at.name} for ${purchase.cost}`);
      done.push(`build ${name}`);
    }
    await this.#recorder.turnEnd(faction, done);
    await this.#turnEnd.publish({
      faction,
      turn,
      actions: [
        { kind: "move", count: moves.length },
        { kind: "build", count: purchase === undefined ? 0 : 1 },
      ],
    });
    // Delivered before the next request: messages and requests travel on lanes of their own.
    await this.#turnStart.flush();
    await this.#turnEnd.flush();
  }

  async #fight(
    turn: number,
    stars: ReadonlyMap<bigint, StarSeen>,
  ): Promise<{ battles: number; hash: bigint; lost: number }> {
    const { fleets, ships } = await fleetsOf(this.#world);
    const battles = meetings(byStar(fleets), stars).map(
      (meeting, i): Battle & { sides: ReturnType<typeof sidesOf> } => {
        const sides = sidesOf(meeting, fleets, ships);
        const involved = [...sides.attackers, ...sides.defenders];
        return { id: battleId(turn, i), meeting, sides, ships: new Map(involved.map((ship) => [ship.id, ship])) };
      },
    );
    if (battles.length === 0) return { battles: 0, hash: 0n, lost: 0 };
    const { outcomes, hash } = await this.#combat.resolveCombatBatch({
      battles: battles.map(({ id, sides }) => battleOf(id, turn, sides.attackers, sides.defenders)),
      seed: BigInt(this.#config.seed),
      firstIndex: BigInt(turn) << 32n,
    });
    let lost = 0;
    for (const [i, battle] of battles.entries()) {
      const after = aftermath(checkOutcome(outcomes[i]!));
      lost += after.destroyed.length;
      await this.#settle(battle, after, fleets);
    }
    await this.#fought.flush();
    return { battles: battles.length, hash, lost };
  }

  /** Writes down what a battle left. */
  async #settle({ id, meeting, ships }: Battle, after: Aftermath, fleets: readonly Fleet[]): Promise<void> {
    await this.#recorder.battle(id, meeting, ships, after);
    const of = (faction: string): bigint[] =>
      [...ships.values()].filter((ship) => ship.faction === faction).map(({ id: ship }) => ship);
    await this.#fought.publish({
      id,
      attackers: BigUint64Array.from(of(meeting.attacker)),
      defenders: BigUint64Array.from(of(meeting.defender)),
      result: after.result,
    });
    await this.#fought.flush();
    if (after.hurt.length > 0)
      all(await this.#world.updateMany(after.hurt.map(({ id: ship, hp }) => ({ id: ship, set: { Health: { hp } } }))));
    const dead = new Set(after.destroyed);
    const involved = new Set([...ships.values()].map(({ fleet }) => fleet));
    const alive = new Set([...ships.values()].filter((ship) => !dead.has(ship.id)).map(({ fleet }) => fleet));
    const gone = fleets.filter((fleet) => involved.has(fleet.id) && !alive.has(fleet.id)).map((fleet) => fleet.id);
    if (dead.size > 0) all(await this.#world.deleteMany([...dead, ...gone]));
    for (const faction of [meeting.attacker, meeting.defender]) {
      const kills = [...dead].filter((ship) => ships.get(ship)?.faction !== faction).length;
      if (kills > 0) await this.#credit(faction, kills);
    }
  }

  async #credit(faction: string, kills: number): Promise<void> {
    const { rows } = await this.#world.query({ all: ["Faction"], where: [["Faction.name", "=", faction]] });
    const [row] = rows;
    if (row !== undefined) await this.#world.update(row.id, { set: { Faction: { kills: row.Faction.kills + kills } } });
  }

  /** Stars go to whoever is alone there. */
  async #conquer(stars: ReadonlyMap<bigint, StarSeen>): Promise<void> {
    const here = byStar((await fleetsOf(this.#world)).fleets);
    const patches = [...here].flatMap(([star, fleets]) => {
      const faction = newOwner(
        stars.get(star)?.owner ?? "",
        fleets.map((fleet) => fleet.faction),
      );
      return faction === undefined ? [] : [{ id: star, set: { Owner: { faction } } }];
    });
    if (patches.length === 0) return;
    patches.sort((a, b) => (a.id < b.id ? -1 : 1));
    all(await this.#world.updateMany(patches));
    for (const { id, set } of patches)
      await this.#recorder.action(
        set.Owner.faction,
        "take",
        [id],
        `${stars.get(id)?.name} from ${stars.get(id)?.owner || "nobody"}`,
      );
  }

  async #build(faction: string, at: StarSeen, kinds: readonly string[]): Promise<{ fleet: bigint; name: string }> {
    const number = (this.#built.get(faction) ?? 0) + 1;
    this.#built.set(faction, number);
    const { fleet, ships } = await build(this.#world, faction, number, at, kinds);
    for (const [i, ship] of ships.entries()) await this.#recorder.spawned(ship, kinds[i]!, faction, at);
    return { fleet, name: `${faction}-${number}` };
  }

  #stream(name: string, index: number): Stream {
    return Stream.of(BigInt(this.#config.seed), `galaxy/${name}`, index);
  }
}

/** Fleets at rest that have ships, by their star. */
function byStar(fleets: readonly Fleet[]): Map<bigint, Fleet[]> {
  const here = new Map<bigint, Fleet[]>();
  for (const fleet of fleets) {
    if (!fleet.atRest || fleet.ships === 0) continue;
    const list = here.get(fleet.star);
    if (list === undefined) here.set(fleet.star, [fleet]);
    else list.push(fleet);
  }
  return here;
}
