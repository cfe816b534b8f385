import { createHash } from "node:crypto";
import type { GameResultInit } from "#generated/tournament";

/** SHA-256, hex, over the results in order, one canonical JSON line each; nothing that a clock or a machine could change. */
export function hashOf(results: readonly GameResultInit[]): string {
  const hash = createHash("sha256");
  for (const result of results) {
    const { index, genome, players, games, wins, draws, medianTurns, resultHash, error } = result;
    const fields = [
      index,
      genome,
      players,
      games,
      Array.from(wins ?? []),
      draws,
      medianTurns,
      String(resultHash ?? 0n),
      error ?? "",
    ];
    hash.update(`${JSON.stringify(fields)}\n`);
  }
  return hash.digest("hex");
}
