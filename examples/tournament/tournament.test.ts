import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Bus, type BusError, BusError as BusErrorClass, type ServiceContext } from "#bus";
import type { BatchRequestInit } from "#generated/cardsim";
import type { GameResultInit } from "#generated/tournament";
import compileOnWorker from "./compile-worker.ts";
import { readConfig } from "./config.ts";
import { compileGenome, readGenomes } from "./genomes.ts";
import { lineUps } from "./line-ups.ts";
import { inOrder, runTournament } from "./orchestrator.ts";
import { hashOf } from "./result-hash.ts";
import { Standings } from "./scoreboard.ts";
import { tableOf } from "./table.ts";

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return `${(error as BusError).code} ${(error as Error).message}`;
  }
  return "";
};

test("config has defaults, and refuses unknown keys and values out of range by name", () => {
  expect(readConfig("t", {})).toEqual({ genomes: "", seed: 2024, games: 20_000, greedyGames: 300, inFlight: 4 });
  expect(refusal(() => readConfig("t", { game: 5 }))).toMatch(
    /runtime\/bad-service.*unknown key 'game'; known are .*games/,
  );
  expect(refusal(() => readConfig("t", { games: 0 }))).toMatch(/config\.games is 0; write a whole number from 1/);
  expect(refusal(() => readConfig("t", { seed: "x" }))).toMatch(/config\.seed is "x"/);
});

test("a folder without genomes, a broken file and a bad genome are refused with the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "genomes-"));
  try {
    expect(refusal(() => readGenomes(folder))).toMatch(/cards\/bad-genome.*holds no \.json file/);
    expect(refusal(() => readGenomes(join(folder, "none")))).toMatch(/the folder cannot be read/);
    writeFileSync(join(folder, "a.json"), "{");
    writeFileSync(join(folder, "b.json"), "{}");
    const [broken, empty] = readGenomes(folder);
    expect(refusal(() => compileGenome(broken!))).toMatch(/a\.json: is no JSON/);
    expect(refusal(() => compileGenome(empty!))).toMatch(/b\.json: genome_id: is missing/);
    expect(compileOnWorker(empty!)).toMatchObject({ error: { code: "cards/bad-genome" } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every game meets random players, one greedy player in each seat, and greedy players, with seeds of their own", () => {
  const config = readConfig("t", { games: 50, greedy_games: 5 });
  const games = [2, 3].map((players) => ({ name: `g${players}`, players, program: new Uint8Array(1) }));
  const found = lineUps(games, config);
  expect(found.map(({ players }) => players.join())).toEqual([
    "random,random",
    "greedy,random",
    "random,greedy",
    "greedy,greedy",
    "random,random,random",
    "greedy,random,random",
    "random,greedy,random",
    "random,random,greedy",
    "greedy,greedy,greedy",
  ]);
  expect(found[1]!.request).toMatchObject({ numGames: 5, aiTypes: [2, 1] });
  expect(found[0]!.request.numGames).toBe(50);
  expect(new Set(found.map(({ request }) => request.randomSeed)).size).toBe(found.length);
  expect(lineUps(games, config)).toEqual(found);
});

test("work overlaps up to the limit and comes back in order", async () => {
  let running = 0;
  let most = 0;
  const delays = [30, 1, 20, 5, 1, 10];
  const out: number[] = [];
  for await (const value of inOrder(delays, 3, async (ms) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, ms));
    running -= 1;
    return ms;
  })) {
    out.push(value);
  }
  expect(out).toEqual(delays);
  expect(most).toBe(3);
});

const result: GameResultInit = {
  index: 0,
  genome: "war",
  players: ["random", "random"],
  games: 100,
  wins: [40, 50],
  draws: 10,
  avgTurns: 12.5,
  medianTurns: 12,
  resultHash: 5n,
  gamesPerSecond: 1234,
};

test("the hash ignores times and heeds everything else", () => {
  const hash = hashOf([result]);
  expect(hashOf([{ ...result, gamesPerSecond: 9 }])).toBe(hash);
  for (const change of [
    { resultHash: 6n },
    { wins: [41, 49] },
    { draws: 9 },
    { games: 99 },
    { index: 1 },
    { error: "x" },
  ]) {
    expect(hashOf([{ ...result, ...change }])).not.toBe(hash);
  }
  expect(hashOf([result, result])).not.toBe(hash);
});

test("the table shows a line per game, with the greedy player's share and refused games", () => {
  const lines = tableOf([
    result,
    { ...result, players: ["greedy", "random"], games: 10, wins: [6, 2], draws: 2 },
    { ...result, players: ["random", "greedy"], games: 10, wins: [4, 6], draws: 0 },
    { ...result, genome: "bad", error: "no" },
  ]);
  expect(lines).toHaveLength(4);
  expect(lines[2]).toContain("40.0 % 50.0 %");
  expect(lines[2]).toContain("66.7 % (50.0 %)");
  expect(lines[2]).toContain("1,234");
  expect(lines[3]).toContain("refused: no");
});

test("standings count only line-ups of different kinds", () => {
  const standings = new Standings();
  const wins = (...counts: number[]): Uint32Array => Uint32Array.from(counts);
  standings.add({ players: ["random", "random"], games: 10, wins: wins(5, 5), draws: 0 });
  standings.add({ players: ["greedy", "random", "random"], games: 10, wins: wins(6, 2, 1), draws: 1 });
  expect(standings.results).toBe(2);
  expect(standings.list()).toEqual([
    { player: "greedy", games: 10n, wins: 6n, draws: 1n },
    { player: "random", games: 20n, wins: 3n, draws: 2n },
  ]);
});

/** A bus that plays nothing: it answers batches with made-up counts and keeps what was published. */
function fakeBus(answer: (request: BatchRequestInit) => unknown): { bus: Bus; published: unknown[] } {
  const published: unknown[] = [];
  const bus = {
    publisher: () => ({ publish: async (message: unknown) => void published.push(message), flush: async () => {} }),
    client: (_service: unknown, target: string) =>
      target === "cards"
        ? { simulate: async (request: BatchRequestInit) => answer(request) }
        : { standings: async () => ({ standings: [], results: 0, hash: "" }) },
  };
  return { bus: bus as unknown as Bus, published };
}
const context = (config: object): ServiceContext =>
  ({
    service: "tournament",
    config,
    args: [],
    signal: new AbortController().signal,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    finish() {},
    progress() {},
  }) as unknown as ServiceContext;
const stats = {
  totalGames: 5,
  wins: Uint32Array.from([3, 2]),
  draws: 0,
  avgTurns: 1,
  medianTurns: 1,
  resultHash: 1n,
  avgDurationNs: 5n,
  error: 0,
  errorText: null,
};

test("a tournament publishes every result in order and ends with their hash", async () => {
  const { bus, published } = fakeBus(() => ({ results: [stats] }));
  const end = await runTournament(bus, context({ games: 5, greedy_games: 5 }), async (files) =>
    files.map(compileGenome),
  );
  expect(end.genomes).toBeGreaterThanOrEqual(6);
  expect(published).toHaveLength(end.results + 1);
  const results = published.slice(0, -1) as GameResultInit[];
  expect(results.map(({ index }) => index)).toEqual(results.map((_, i) => i));
  expect(published.at(-1)).toEqual({ hash: end.hash, results: end.results, games: BigInt(end.games) });
  expect(end.hash).toBe(hashOf(results));
});

test("a batch that fails ends the tournament with its error; an item that was refused does not", async () => {
  const failing = fakeBus(() => {
    throw new BusErrorClass("core/peer-lost", { details: { service: "cards", what: "a batch" } });
  });
  const compile = async (files: readonly { path: string; text: string }[]) => files.slice(0, 1).map(compileGenome);
  await expect(runTournament(failing.bus, context({}), compile)).rejects.toMatchObject({ code: "core/peer-lost" });
  const refused = fakeBus(() => ({ results: [{ ...stats, totalGames: 0, error: 707, errorText: "not played" }] }));
  const end = await runTournament(refused.bus, context({}), compile);
  expect(refused.published[0]).toMatchObject({ error: "not played" });
  expect(end.games).toBe(0);
});
