/** Skill: how much better thinking players do than random ones, over all seats. */
import { decided, type Measures, share } from "./measures.ts";

/** One kind of player in one seat against random ones in the others. */
export interface SeatGames {
  readonly seat: number;
  readonly measures: Measures;
}

export interface SkillInput {
  readonly greedy: readonly SeatGames[];
  /** Information-set search; empty when it was not played, and greedy then counts alone. */
  readonly search: readonly SeatGames[];
  /** Random players in all seats; shows what the first seat alone is worth. */
  readonly random: Measures;
}

/** Share of decided games above the fair one, scaled to 0..1; 0 below it or when nothing was decided. */
export function gain(games: readonly SeatGames[]): number {
  const players = games[0]?.measures.players ?? 0;
  if (players < 2) return 0;
  const won = games.reduce((sum, { seat, measures }) => sum + (measures.wins[seat] ?? 0), 0);
  const all = games.reduce((sum, { measures }) => sum + decided(measures), 0);
  const fair = 1 / players;
  return Math.max(0, (share(won, all) - fair) / (1 - fair));
}

/** By how much seat 0 of random players wins more (or less) than its share, scaled so that winning all is 1. */
export function firstSeatEdge(random: Measures): number {
  if (random.players < 2 || decided(random) === 0) return 0;
  const fair = 1 / random.players;
  return Math.min(1, Math.abs(share(random.wins[0] ?? 0, decided(random)) - fair) / (1 - fair));
}

const EDGE_FREE = 0.3;

/** .4 greedy + .6 search, less a first-seat edge above .3: at an edge of 1 nothing is left. */
export function skill({ greedy, search, random }: SkillInput): number {
  const raw = search.length === 0 ? gain(greedy) : 0.4 * gain(greedy) + 0.6 * gain(search);
  const edge = firstSeatEdge(random);
  return edge <= EDGE_FREE ? raw : raw * (1 - (edge - EDGE_FREE) / (1 - EDGE_FREE));
}
