// Method: one list of requests in every placement and with several numbers of threads; every answer must have the same hash.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Client, MessageBus } from "#bus";
import { Cards } from "#generated/cardsim";
import { CLASSICS, compile } from "./index.ts";

/** Changes only when the rules do; then on purpose. */
const GOLDEN = "4aa91404d81af4d5ec5df8f062eea35c5c770da877d18b30cd614df01454fba6";

const ROOT = join(import.meta.dirname, "..", "..");
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");

/** In this process; in one of its own over rings, Unix sockets or TCP. */
const PLACEMENTS = ["local", "ring", "unix", "tcp"] as const;
type Placement = (typeof PLACEMENTS)[number];
type Core = Client<typeof Cards>;

const topologyOf = (folder: string, placement: Placement, threads: number): string => `[bus]
name = "cards-placement"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "cards"]

[services.caller]
${placement === "local" ? 'run = "ts:caller.ts"\n' : ""}calls = ["Cards"]

[services.cards]
run = "native:cards"
serves = ["Cards"]
threads = ${threads}
isolate = ${placement !== "local"}

[[edges]]
from = "*"
to = "*"
max_message = "1MiB"
${placement === "unix" || placement === "tcp" ? `transport = "${placement}"\n` : ""}`;

async function within<T>(placement: Placement, threads: number, work: (core: Core) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "cp-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, placement, threads));
  let up: ChildProcess | undefined;
  try {
    if (placement !== "local") {
      up = spawn(process.execPath, [CLI, "up", "--topology", topology], { stdio: ["ignore", "ignore", "inherit"] });
      await once(up, "spawn");
    }
    await using bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
    return await work(bus.client(Cards, "cards"));
  } finally {
    if (up !== undefined && up.exitCode === null && up.kill("SIGTERM")) await once(up, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

const PROGRAMS = [...CLASSICS.values()].map((genome) => compile(genome));
/** Every game by random players; a short one also by a greedy player and by a search. */
const SHORT = compile(CLASSICS.get("crazy-eights")!);
const REQUESTS = [
  ...PROGRAMS.map((genomeBytecode, i) => ({ genomeBytecode, randomSeed: BigInt(i), numGames: 70 })),
  { genomeBytecode: SHORT, randomSeed: 20n, numGames: 9, aiPlayerType: 1 },
  { genomeBytecode: SHORT, randomSeed: 21n, numGames: 5, aiPlayerType: 6, mctsIterations: 20 },
];

/** Hash over the results of batches, whole and streamed, over a traced game, and over games that are played side by side. */
const hashOf = async (core: Core): Promise<string> => {
  const digest = createHash("sha256");
  const add = (value: bigint): void => void digest.update(value.toString());
  const timeout = { timeout: "100s" };
  const { results } = await core.simulate({ requests: REQUESTS }, timeout);
  const streamed: bigint[] = [];
  for await (const part of core.simulateStream({ requests: REQUESTS }, timeout))
    streamed.push(...part.results.map(({ resultHash }) => resultHash));
  expect(streamed).toEqual(results.map(({ resultHash }) => resultHash));
  for (const { error, resultHash } of results) {
    expect(error).toBe(0);
    add(resultHash);
  }
  add((await core.trace({ request: REQUESTS[0]!, game: 3 }, timeout)).hash);

  const opened = await core.play({ items: PROGRAMS.map((_, i) => ({ newGame: { request: REQUESTS[i]!, game: 0 } })) });
  let open = opened.results.map(({ gameId }) => gameId);
  for (let turn = 0; turn < 8; turn++) {
    const step = await core.play({ items: open.map((gameId) => ({ aiMove: { gameId } })) }, timeout);
    for (const { error, view } of step.results) {
      expect(error).toBe(0);
      add(view!.stateHash);
    }
    open = step.results.filter(({ view }) => !view!.over).map(({ gameId }) => gameId);
  }
  return digest.digest("hex");
};

for (const placement of PLACEMENTS) {
  test(`${placement}: every answer has the golden hash with 1, 2, 3 and 8 threads`, { timeout: 240_000 }, async () => {
    for (const threads of [1, 2, 3, 8])
      expect({ threads, hash: await within(placement, threads, hashOf) }).toEqual({ threads, hash: GOLDEN });
  });
}

/** Some of the games are searched, so that their seats' own random streams are part of what is saved. */
const openGames = async (core: Core): Promise<bigint[]> => {
  const searched = { genomeBytecode: SHORT, randomSeed: 20n, numGames: 1, aiPlayerType: 6, mctsIterations: 20 };
  const requests = [...PROGRAMS.map((_, i) => REQUESTS[i]!), searched];
  const { results } = await core.play({ items: requests.map((request) => ({ newGame: { request, game: 0 } })) });
  return results.map(({ gameId }) => gameId);
};

/** A move of each game that is not over. @returns every state and error */
const playOn = async (core: Core, games: readonly bigint[], moves: number): Promise<unknown[]> => {
  const seen: unknown[] = [];
  for (let move = 0; move < moves; move++) {
    const { results } = await core.play({ items: games.map((gameId) => ({ aiMove: { gameId } })) });
    seen.push(results.map(({ error, view }) => [error, view?.stateHash]));
  }
  return seen;
};

for (const placement of ["ring", "tcp"] as const) {
  test(`games opened in this process go on alike in one of their own over ${placement}`, {
    timeout: 60_000,
  }, async () => {
    const here = await within("local", 2, async (core) => {
      const games = await openGames(core);
      await playOn(core, games, 6);
      const { bytes, hash } = await core.snapshot({});
      return { games, bytes, hash, moves: await playOn(core, games, 20), end: (await core.snapshot({})).hash };
    });
    expect(here.end).not.toBe(here.hash);
    await within(placement, 3, async (core) => {
      const [stale] = await openGames(core);
      expect(await core.restore({ bytes: here.bytes })).toMatchObject({ hash: here.hash, games: here.games.length });
      expect(here.games).toContain(stale); // what was open before is replaced, ids included
      expect(await playOn(core, here.games, 20)).toEqual(here.moves);
      expect((await core.snapshot({})).hash).toBe(here.end);
    });
  });
}

test("damaged bytes are refused by name and leave the open games as they were", async () => {
  await within("local", 1, async (core) => {
    await openGames(core);
    const { bytes, hash } = await core.snapshot({});
    for (const wrong of [bytes.subarray(0, bytes.length - 1), Uint8Array.of(...bytes, 0), new Uint8Array()])
      await expect(core.restore({ bytes: wrong })).rejects.toMatchObject({ code: "cards/corrupt-state" });
    expect((await core.snapshot({})).hash).toBe(hash);
  });
});
