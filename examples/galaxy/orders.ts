/** What a faction wants in its turn: pure, from what it sees and its own random stream. */
import type { Stream } from "../common/streams.ts";
import { KINDS, SHIPS } from "./genesis.ts";

export interface StarSeen {
  readonly id: bigint;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly owner: string;
  readonly income: bigint;
}
export interface FleetSeen {
  readonly id: bigint;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly star: bigint;
  readonly ships: number;
  /** Light years a turn, of its slowest ship. */
  readonly speed: number;
}
export interface Move {
  readonly fleet: FleetSeen;
  readonly to: StarSeen;
}
export interface Purchase {
  readonly at: StarSeen;
  /** Kinds of the ships of one new fleet. */
  readonly kinds: readonly string[];
  readonly cost: bigint;
}
export interface Orders {
  readonly moves: readonly Move[];
  readonly purchase: Purchase | undefined;
}

/** Stars that a fleet thinks about. */
const CHOICES = 6;
const STAYS = 0.2;
const SHIPS_OF_NEW_FLEET = 6;
/** More fleets than this per star of its own are too dear to keep. */
const FLEETS_PER_STAR = 1.5;

export function ordersOf(
  faction: string,
  treasury: bigint,
  stars: readonly StarSeen[],
  fleets: { readonly idle: readonly FleetSeen[]; readonly all: number },
  random: Stream,
): Orders {
  const own = stars.filter(({ owner }) => owner === faction);
  const others = stars.filter(({ owner }) => owner !== faction);
  const moves: Move[] = [];
  for (const fleet of fleets.idle) {
    if (others.length === 0 || random.chance(STAYS)) continue;
    const choices = Array.from({ length: CHOICES }, () => random.pick(others));
    const to = choices.reduce((best, star) => (worth(fleet, star) > worth(fleet, best) ? star : best));
    if (to.id !== fleet.star) moves.push({ fleet, to });
  }
  const few = fleets.all < own.length * FLEETS_PER_STAR;
  return { moves, purchase: few && own.length > 0 ? purchase(treasury, random.pick(own), random) : undefined };
}

/** Income a turn of travel. */
const worth = (fleet: FleetSeen, star: StarSeen): number =>
  Number(star.income) / (1 + Math.hypot(star.x - fleet.x, star.y - fleet.y) / fleet.speed);

function purchase(treasury: bigint, at: StarSeen, random: Stream): Purchase | undefined {
  const kinds: string[] = [];
  let cost = 0n;
  while (kinds.length < SHIPS_OF_NEW_FLEET) {
    const kind = random.pick(KINDS);
    const price = SHIPS[kind]!.cost;
    if (cost + price > treasury) break;
    kinds.push(kind);
    cost += price;
  }
  return kinds.length < SHIPS_OF_NEW_FLEET ? undefined : { at, kinds, cost };
}
