/** What the games of one genome showed, as plain numbers: the input of every formula of this folder. */
import type { AggregatedStats } from "#generated/cardsim";

/** Totals over all games unless said otherwise. */
export interface Measures {
  readonly players: number;
  readonly games: number;
  /** Games without a result of their own: broken off, refused, stuck in an error. */
  readonly errors: number;
  readonly wins: readonly number[];
  readonly draws: number;
  /** Mean turns of a game. */
  readonly turns: number;
  readonly decisions: number;
  readonly moves: number;
  readonly forced: number;
  readonly handCards: number;
  readonly actions: number;
  readonly claims: number;
  readonly bluffs: number;
  readonly challenges: number;
  readonly successfulBluffs: number;
  readonly bets: number;
  readonly weakBets: number;
  readonly foldWins: number;
  readonly showdowns: number;
  readonly allIns: number;
  readonly leadChanges: number;
  /** Mean over the games, 0..1: turn from which the winner stayed ahead, of all turns. */
  readonly decisive: number;
  /** Mean over the games, 0..1: least gap between first and second. */
  readonly margin: number;
  /** Winners who were behind at the middle. */
  readonly trailing: number;
  readonly disruptions: number;
  readonly contentions: number;
  readonly forcedResponses: number;
  /** Turns of others that the player who waits to be next has seen. */
  readonly waits: number;
}

/** Of an answer of `Cards.Simulate`. */
export function measuresOf(stats: AggregatedStats): Measures {
  return {
    players: stats.wins.length,
    games: stats.totalGames,
    errors: stats.errors,
    wins: Array.from(stats.wins),
    draws: stats.draws,
    turns: stats.avgTurns,
    decisions: Number(stats.totalDecisions),
    moves: Number(stats.totalValidMoves),
    forced: Number(stats.forcedDecisions),
    handCards: Number(stats.totalHandSize),
    actions: Number(stats.totalActions),
    claims: Number(stats.totalClaims),
    bluffs: Number(stats.totalBluffs),
    challenges: Number(stats.totalChallenges),
    successfulBluffs: Number(stats.successfulBluffs),
    bets: Number(stats.totalBets),
    weakBets: Number(stats.bettingBluffs),
    foldWins: Number(stats.foldWins),
    showdowns: Number(stats.showdownWins),
    allIns: Number(stats.allInCount),
    leadChanges: stats.leadChanges,
    decisive: stats.decisiveTurnPct,
    margin: stats.closestMargin,
    trailing: stats.trailingWinners,
    disruptions: Number(stats.moveDisruptionEvents),
    contentions: Number(stats.contentionEvents),
    forcedResponses: Number(stats.forcedResponseEvents),
    waits: Number(stats.opponentTurnCount),
  };
}

/** `part` of `whole`, 0..1; 0 when there is no whole. */
export const share = (part: number, whole: number): number => (whole <= 0 ? 0 : Math.min(1, Math.max(0, part / whole)));

/** 1 at the target, falling straight to 0 at the farther end of 0..1. */
export const near = (value: number, target: number): number =>
  Math.max(0, 1 - Math.abs(value - target) / Math.max(target, 1 - target));

/** Games that somebody won. */
export const decided = ({ wins }: Measures): number => wins.reduce((sum, count) => sum + count, 0);

/** Mean distance of the seats' win rates (over all games, so that draws count) from a fair share, 0..1. */
export function unevenness({ wins, games, players }: Measures): number {
  if (games === 0 || players < 2) return 1;
  const fair = 1 / players;
  const distance = wins.reduce((sum, count) => sum + Math.abs(count / games - fair), 0) / players;
  return distance / (1 - fair);
}
