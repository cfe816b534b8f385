import { createHash } from "node:crypto";
import type { SimulationRequestInit } from "#generated/cardsim";
import type { TournamentConfig } from "./config.ts";
import type { CompiledGame } from "./genomes.ts";

export type PlayerKind = "random" | "greedy";

/** One game with one choice of players; a batch of the cards service and a message GameResult. */
export interface LineUp {
  readonly index: number;
  readonly game: CompiledGame;
  readonly players: readonly PlayerKind[];
  readonly request: SimulationRequestInit;
}

/** For every game: all random, one greedy player in each seat in turn, all greedy. */
export function lineUps(games: readonly CompiledGame[], config: TournamentConfig): LineUp[] {
  const found: LineUp[] = [];
  for (const game of games) {
    const seats = Array.from({ length: game.players }, (_, seat) => seat);
    const line = (greedy: (seat: number) => boolean): PlayerKind[] =>
      seats.map((seat) => (greedy(seat) ? "greedy" : "random"));
    const choices = [line(() => false), ...seats.map((one) => line((seat) => seat === one)), line(() => true)];
    for (const players of choices) {
      const request: SimulationRequestInit = {
        genomeBytecode: game.program,
        numGames: players.includes("greedy") ? config.greedyGames : config.games,
        // Code + 1, because 0 means "as aiPlayerType".
        aiTypes: players.map((kind) => (kind === "greedy" ? 2 : 1)),
        randomSeed: seedOf(config.seed, game.name, players),
      };
      found.push({ index: found.length, game, players, request });
    }
  }
  return found;
}

/** Its own for every line-up, and the same wherever and whenever it is played. */
const seedOf = (seed: number, game: string, players: readonly PlayerKind[]): bigint =>
  createHash("sha256")
    .update(`${seed}/${game}/${players.join(",")}`)
    .digest()
    .readBigUInt64LE(0);
