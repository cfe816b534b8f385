/** The galaxy before the first turn: pure, from the seed alone. */
import type { EntityInput } from "../../services/ecs/index.ts";
import { Stream } from "../common/streams.ts";
import type { GalaxySpecs } from "./components.ts";
import type { GalaxyConfig } from "./config.ts";

type Thing = EntityInput<GalaxySpecs>;

export const FACTIONS: readonly string[] = [
  "templars",
  "reavers",
  "hegemony",
  "outcasts",
  "choir",
  "foundry",
  "drift",
  "ashen",
];
/** Nobody's stars belong to it. */
export const NOBODY = "";

/** Width and height of the map, in light years. */
const MAP = 100;
/** Nearer stars than this would be one. */
const APART = 4;
const START_TREASURY = 200n;

export interface ShipKind {
  readonly hp: number;
  readonly rate: number;
  readonly damage: number;
  readonly speed: number;
  readonly cost: bigint;
}
export const SHIPS: Readonly<Record<string, ShipKind>> = {
  corvette: { hp: 40, rate: 4, damage: 6, speed: 9, cost: 20n },
  frigate: { hp: 90, rate: 5, damage: 12, speed: 6, cost: 45n },
  cruiser: { hp: 200, rate: 8, damage: 26, speed: 4, cost: 110n },
};
export const KINDS: readonly string[] = Object.keys(SHIPS);

export const idOfFaction = (name: string): bigint => BigInt(FACTIONS.indexOf(name) + 1);

export interface Genesis {
  readonly factions: readonly string[];
  readonly treasuries: readonly Thing[];
  readonly stars: readonly Thing[];
}

export function genesis(config: GalaxyConfig): Genesis {
  const factions = FACTIONS.slice(0, config.factions);
  const random = Stream.of(BigInt(config.seed), "galaxy/genesis", 0);
  const places = scatter(config.stars, random);
  const stars = places.map(
    ([x, y], i): Thing => ({
      Star: { name: `S${String(i + 1).padStart(3, "0")}` },
      Position: { x, y },
      Owner: { faction: factions[i] ?? NOBODY },
      Income: { amount: BigInt(5 + random.below(11)) },
    }),
  );
  const treasuries = factions.map(
    (name): Thing => ({ Faction: { name, kills: 0 }, Treasury: { amount: START_TREASURY }, Owner: { faction: name } }),
  );
  return { factions, treasuries, stars };
}

/** Whole coordinates, none too near to another; the first ones far apart by the order they were drawn in. */
function scatter(count: number, random: Stream): [number, number][] {
  const places: [number, number][] = [];
  for (let tries = 0; places.length < count; tries++) {
    const place: [number, number] = [random.below(MAP + 1), random.below(MAP + 1)];
    // A full map takes what is left, so that any number of stars ends.
    const apart = tries < 100 * count ? APART : 0;
    if (places.every(([x, y]) => Math.hypot(x - place[0], y - place[1]) > apart)) places.push(place);
  }
  return places;
}

/** A new fleet at a star. @param number of the faction's fleets so far */
export const fleetAt = (faction: string, number: number, star: { id: bigint; x: number; y: number }): Thing => ({
  Fleet: { name: `${faction}-${number}`, star: star.id },
  Owner: { faction },
  Position: { x: star.x, y: star.y },
});

export function shipOf(fleet: bigint, faction: string, kind: string): Thing {
  const { hp, rate } = SHIPS[kind]!;
  return { Ship: { fleet, kind }, Owner: { faction }, Health: { hp, max: hp }, Regeneration: { rate } };
}
