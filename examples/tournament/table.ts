import type { GameResultInit } from "#generated/tournament";

/** One line of the table: a game among random players, and what one greedy player is worth in it. */
interface Row {
  game: string;
  players: string;
  games: string;
  wins: string;
  draws: string;
  turns: string;
  greedy: string;
  speed: string;
}

const HEADINGS: Row = {
  game: "game",
  players: "players",
  games: "games",
  wins: "wins by seat",
  draws: "draws",
  turns: "turns",
  greedy: "greedy, of decided (fair)",
  speed: "games/s",
};
const COLUMNS = Object.keys(HEADINGS) as (keyof Row)[];
const LEFT = new Set<keyof Row>(["game", "wins"]);

const grouped = (value: number): string => Math.round(value).toLocaleString("en-GB");
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The table of results, one line per game; speed is games a second of one core with random players. */
export function tableOf(results: readonly GameResultInit[]): string[] {
  const names = [...new Set(results.map((result) => result.genome))];
  const rows = names.map((game) =>
    rowOf(
      game,
      results.filter((result) => result.genome === game),
    ),
  );
  const widths = new Map(
    COLUMNS.map((column) => [column, Math.max(...[HEADINGS, ...rows].map((row) => row[column].length))]),
  );
  const line = (row: Row): string =>
    COLUMNS.map((column) =>
      LEFT.has(column) ? row[column].padEnd(widths.get(column)!) : row[column].padStart(widths.get(column)!),
    ).join("  ");
  return [line(HEADINGS), COLUMNS.map((column) => "-".repeat(widths.get(column)!)).join("  "), ...rows.map(line)];
}

function rowOf(game: string, results: readonly GameResultInit[]): Row {
  const among = (kinds: number): GameResultInit[] => results.filter(({ players }) => new Set(players).size === kinds);
  const random = among(1).find(({ players }) => players?.[0] === "random");
  const mixed = among(2);
  const failed = results.find(({ error }) => error !== undefined && error !== null && error !== "");
  const seats = random?.players?.length ?? 0;
  const games = random?.games ?? 0;
  const decided = mixed.reduce((sum, result) => sum + (result.games ?? 0) - (result.draws ?? 0), 0);
  const won = mixed.reduce((sum, { players = [], wins }) => sum + (wins?.[players?.indexOf("greedy") ?? 0] ?? 0), 0);
  return {
    game,
    players: String(seats),
    games: grouped(games),
    wins: failed
      ? `refused: ${failed.error}`
      : Array.from(random?.wins ?? [], (count) => percent(count / Math.max(1, games))).join(" "),
    draws: percent((random?.draws ?? 0) / Math.max(1, games)),
    turns: (random?.avgTurns ?? 0).toFixed(1),
    greedy: decided === 0 ? "" : `${percent(won / decided)} (${percent(1 / seats)})`,
    speed: grouped(random?.gamesPerSecond ?? 0),
  };
}
