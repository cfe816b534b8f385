/** The parts of a fitness, each 0..1. */
import { decided, type Measures, near, share, unevenness } from "./measures.ts";

export interface Parts {
  readonly density: number;
  readonly comeback: number;
  readonly tension: number;
  readonly interaction: number;
  readonly skill: number;
  readonly simplicity: number;
  readonly bluffing: number;
  readonly betting: number;
}

/**
 * Whether decisions are many and real. m moves per decision, r moves per card in hand: with r <= 1 the rules filter the
 * hand (f = 1 - r), above it they offer more moves than cards.
 */
export function density({ decisions, moves, forced, handCards }: Measures): number {
  if (decisions === 0) return 0;
  const m = moves / decisions;
  const r = moves / Math.max(1, handCards);
  const filter = r <= 1 ? 1 - r : 0.3;
  const variety = r <= 1 ? 0 : Math.min(0.5, 0.15 * (r - 1));
  const width = Math.min(1, Math.max(0, (m - 1) / 6));
  const sum = 0.35 * width * (0.2 + 0.8 * filter) + 0.3 * filter + variety + 0.2 * (1 - share(forced, decisions));
  return Math.min(1, sum);
}

/** Whether who is behind at the middle can still win, and no seat is favoured. 0 when nobody ever wins. */
export function comeback(measures: Measures): number {
  const won = decided(measures);
  if (won === 0) return 0;
  const trailing = share(measures.trailing, won);
  return 0.6 * (1 - 2 * Math.abs(0.5 - trailing)) + 0.4 * Math.max(0, 1 - unevenness(measures));
}

/** Whether the lead changes, the end stays open and the gap is small; worth only as much as there is to decide. */
export function tension(measures: Measures): number {
  const { leadChanges, games, turns, decisive, margin } = measures;
  if (games === 0) return 0;
  const changes = Math.min(1, leadChanges / games / Math.max(1, turns / 20));
  return (0.4 * changes + 0.4 * decisive + 0.2 * (1 - margin)) * density(measures);
}

/** Mean of three rates: turns of others that changed one's moves, moves for a place others wanted, turns that left few moves. */
export function interaction({ disruptions, contentions, forcedResponses, waits, actions }: Measures): number {
  return (share(disruptions, waits) + share(contentions, actions) + share(forcedResponses, waits)) / 3;
}

/** Claims: bluffs near 60 % of claims, challenges near 40 %, half of the bluffs succeed. */
function claimBluffing({ claims, bluffs, challenges, successfulBluffs }: Measures): number {
  return (
    0.3 * near(share(bluffs, claims), 0.6) +
    0.3 * near(share(challenges, claims), 0.4) +
    0.4 * near(share(successfulBluffs, bluffs), 0.5)
  );
}

/** Bets: weak ones near 30 %, 35 % of hands won by others folding, one all-in in ten hands. */
function betBluffing(measures: Measures): number {
  const { bets, weakBets, foldWins, showdowns, allIns } = measures;
  const resolved = foldWins + showdowns;
  return (
    0.35 * near(share(weakBets, bets), 0.3) +
    0.4 * near(share(foldWins, resolved), 0.35) +
    0.25 * near(share(allIns, resolved), 0.1)
  );
}

/** Of claims, of bets, or the mean of both; 0 for a game that has neither. */
export function bluffing(measures: Measures): number {
  const found = [
    ...(measures.claims > 0 ? [claimBluffing(measures)] : []),
    ...(measures.bets > 0 ? [betBluffing(measures)] : []),
  ];
  return found.length === 0 ? 0 : found.reduce((sum, value) => sum + value, 0) / found.length;
}

/** 1 inside [low, high], falling straight to 0 at `zero` below and at `end` above. */
const inside = (value: number, zero: number, low: number, high: number, end: number): number =>
  Math.min(1, Math.max(0, Math.min((value - zero) / (low - zero), (end - value) / (end - high))));

/**
 * Whether betting decides something: hands are resolved, all-ins stay between 5 and 25 %, 2 to 20 bets a hand, wins are
 * spread, three of four hands come to a showdown. A game that is dealt again counts each hand.
 */
export function betting(measures: Measures): number {
  const { games, bets, foldWins, showdowns, allIns } = measures;
  if (bets === 0 || games === 0) return 0;
  const resolved = foldWins + showdowns;
  const hands = Math.max(games, resolved);
  return (
    0.3 * share(resolved, hands) +
    0.2 * inside(share(allIns, hands), 0, 0.05, 0.25, 1) +
    0.15 * inside(bets / hands, 0, 2, 20, 100) +
    0.15 * Math.max(0, 1 - unevenness(measures)) +
    0.2 * near(share(showdowns, resolved), 0.75)
  );
}
