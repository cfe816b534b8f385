/** What the galaxy asks of the ecs service, in its own words. */
import { BusError } from "#bus";
import type { World } from "../../services/ecs/index.ts";
import type { Meeting, ShipHere } from "./battles.ts";
import type { GalaxySpecs } from "./components.ts";
import { fleetAt, SHIPS, shipOf } from "./genesis.ts";
import type { FleetSeen, StarSeen } from "./orders.ts";
import type { StandingRow } from "./table.ts";

export type Galaxy = World<GalaxySpecs>;

interface Failed {
  readonly failures: readonly { readonly error: Error }[];
}
/** Nothing that the galaxy asks for may fail: one refusal ends the run with its reason. */
export function all<Reply extends Failed>(reply: Reply): Reply {
  const [first] = reply.failures;
  if (first !== undefined) throw BusError.from(first.error);
  return reply;
}

export async function starsOf(world: Galaxy): Promise<StarSeen[]> {
  const { rows } = await world.query({ all: ["Star", "Position", "Owner", "Income"] });
  return rows.map((row) => ({
    id: row.id,
    name: row.Star.name,
    x: row.Position.x,
    y: row.Position.y,
    owner: row.Owner.faction,
    income: row.Income.amount,
  }));
}

export interface Fleet extends FleetSeen {
  readonly faction: string;
  readonly atRest: boolean;
}

/** All fleets with their ships, by id. */
export async function fleetsOf(world: Galaxy): Promise<{ fleets: Fleet[]; ships: Map<bigint, ShipHere[]> }> {
  const ships = new Map<bigint, ShipHere[]>();
  for (const row of (await world.query({ all: ["Ship", "Owner", "Health"] })).rows) {
    const { fleet, kind } = row.Ship;
    const ship = { id: row.id, fleet, kind, faction: row.Owner.faction, hp: row.Health.hp, max: row.Health.max };
    const list = ships.get(fleet);
    if (list === undefined) ships.set(fleet, [ship]);
    else list.push(ship);
  }
  const { rows } = await world.query({ all: ["Fleet", "Owner", "Position"] });
  const moving = new Set((await world.query({ all: ["Fleet", "Movement"], select: [] })).ids);
  const fleets = rows.map((row): Fleet => {
    const crew = ships.get(row.id) ?? [];
    return {
      id: row.id,
      name: row.Fleet.name,
      star: row.Fleet.star,
      x: row.Position.x,
      y: row.Position.y,
      faction: row.Owner.faction,
      ships: crew.length,
      speed: Math.min(...crew.map(({ kind }) => SHIPS[kind]!.speed)),
      atRest: !moving.has(row.id),
    };
  });
  return { fleets, ships };
}

/** A fleet with its ships. @returns its id and those of its ships, in the order of `kinds` */
export async function build(
  world: Galaxy,
  faction: string,
  number: number,
  star: { id: bigint; x: number; y: number },
  kinds: readonly string[],
): Promise<{ fleet: bigint; ships: BigUint64Array }> {
  const fleet = await world.create(fleetAt(faction, number, star));
  const { ids } = all(await world.createMany(kinds.map((kind) => shipOf(fleet, faction, kind))));
  return { fleet, ships: ids };
}

/** Fleets that came to their star are at rest from now on. */
export async function arrive(world: Galaxy, stars: ReadonlyMap<bigint, StarSeen>): Promise<number> {
  const { rows } = await world.query({ all: ["Fleet", "Position", "Movement"], select: ["Fleet", "Position"] });
  const there = rows.filter((row) => {
    const star = stars.get(row.Fleet.star);
    return star !== undefined && star.x === row.Position.x && star.y === row.Position.y;
  });
  if (there.length > 0) all(await world.updateMany(there.map(({ id }) => ({ id, remove: ["Movement"] as const }))));
  return there.length;
}

export async function standingsOf(world: Galaxy, factions: readonly string[]): Promise<StandingRow[]> {
  const count = async (kind: "Star" | "Fleet" | "Ship"): Promise<Map<string, number>> => {
    const tally = new Map<string, number>();
    const { rows } = await world.query({ all: [kind, "Owner"], select: ["Owner.faction"] });
    for (const row of rows) tally.set(row.Owner.faction, (tally.get(row.Owner.faction) ?? 0) + 1);
    return tally;
  };
  const [stars, fleets, ships] = [await count("Star"), await count("Fleet"), await count("Ship")];
  const { rows } = await world.query({ all: ["Faction", "Treasury"] });
  const own = new Map(rows.map((row) => [row.Faction.name, row]));
  return factions.map((faction) => ({
    faction,
    stars: stars.get(faction) ?? 0,
    fleets: fleets.get(faction) ?? 0,
    ships: ships.get(faction) ?? 0,
    treasury: own.get(faction)?.Treasury.amount ?? 0n,
    kills: own.get(faction)?.Faction.kills ?? 0,
  }));
}

/** Fleets of both sides of a meeting, by side. */
export const sidesOf = (
  meeting: Meeting,
  fleets: readonly Fleet[],
  ships: ReadonlyMap<bigint, readonly ShipHere[]>,
): { attackers: ShipHere[]; defenders: ShipHere[] } => {
  const of = (faction: string): ShipHere[] =>
    fleets
      .filter((fleet) => fleet.atRest && fleet.star === meeting.star && fleet.faction === faction)
      .flatMap(({ id }) => ships.get(id) ?? []);
  return { attackers: of(meeting.attacker), defenders: of(meeting.defender) };
};
