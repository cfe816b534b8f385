// Method: streams against published numbers, operators by property, runs with made-up games on this thread.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { BusError } from "#bus";
import { AggregatedStats } from "#generated/cardsim";
import {
  CLASSICS,
  decodeProgram,
  type Genome,
  measuresOf,
  parseGenome,
  programOf,
  validate,
} from "../../services/cards/index.ts";
import { derive, Stream } from "../common/streams.ts";
import { type BreedTask, breed, type Candidate } from "./breed.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { crossed } from "./crossover.ts";
import { CHANGES, mutated } from "./mutate.ts";
import { type Options, readOptions } from "./options.ts";
import { play } from "./play.ts";
import { diversity, type Individual, ranked, tournament } from "./population.ts";
import { plot, reportOf } from "./report.ts";
import { type Chapter, evolve, onPlateau, type RunTools, runHash, type State } from "./run.ts";
import { ownThread } from "./tasks.ts";

const folder = mkdtempSync(join(tmpdir(), "card-evolution-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("streams", () => {
  test("xoshiro256** gives the published sequence of state 1, 2, 3, 4", () => {
    const stream = new Stream([1n, 2n, 3n, 4n]);
    expect([1, 2, 3, 4].map(() => stream.next())).toEqual([11520n, 0n, 1509978240n, 1215971899390074240n]);
  });
  test("streams are told apart by seed, name and index, and repeat", () => {
    const of = (seed: bigint, name: string, index: number) => Stream.of(seed, name, index).next();
    expect(of(1n, "a", 0)).toBe(of(1n, "a", 0));
    expect(new Set([of(1n, "a", 0), of(2n, "a", 0), of(1n, "b", 0), of(1n, "a", 1)]).size).toBe(4);
    expect(derive(1n, "cards/game", 0)).not.toBe(derive(1n, "cards/game", 1));
  });
  test("below is even and stays below, real stays in 0..1", () => {
    const stream = Stream.of(7n, "test", 0);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[stream.below(6)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    let sum = 0;
    for (let i = 0; i < 10_000; i++) sum += stream.real();
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
  });
});

describe("operators", () => {
  const classics = [...CLASSICS.values()];
  const seeds = fc.tuple(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(...classics),
    fc.constantFrom(...classics),
  );
  test("a child is a genome, or refused for its sense and never for its shape", () => {
    const shapes = /is not a|unknown key|is missing/;
    fc.assert(
      fc.property(seeds, ([seed, first, second]) => {
        const stream = Stream.of(seed, "test", 0);
        for (const child of [mutated(first, stream), crossed(first, second, stream)]) {
          for (const { problem, path } of validate(child)) expect(`${path} ${problem}`).not.toMatch(shapes);
        }
      }),
      { numRuns: 500 },
    );
  });
  test("no change is lost: each makes another genome of some classic", () => {
    const works = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const stream = Stream.of(3n, "changes", i);
      const name = stream.pick(CHANGES);
      const classic = classics[i % classics.length]!;
      const child = mutated(classic, Stream.of(3n, "changes", i));
      if (JSON.stringify(child) !== JSON.stringify(classic)) works.add(name);
    }
    // These need something that no classic has: a second way to win, a plain effect.
    expect(CHANGES.filter((name) => !works.has(name))).toEqual(["drop win"]);
  });
  test("breeding gives valid genomes with their programs, whatever else is bred beside them", () => {
    const task: BreedTask = { seed: 5n, generation: 0, indices: [0, 7, 15, 19], size: 20, parents: [], changesMax: 3 };
    const together = breed(task);
    for (const { index, genome, program } of together) {
      expect(validate(genome)).toEqual([]);
      expect(decodeProgram(program).genomeIdHash).toBe(programOf(genome).genomeIdHash);
      expect(breed({ ...task, indices: [index] })[0]).toEqual(together.find((each) => each.index === index));
    }
    expect(together.map(({ genome }) => genome.genome_id)).toEqual(["g0-0", "g0-7", "g0-15", "g0-19"]);
    const parents = together.map(({ genome }, i) => individual(genome, i / 10));
    const children = breed({ ...task, generation: 1, parents, indices: [2, 3, 4, 5, 6, 7, 8, 9] });
    for (const { genome } of children) expect(validate(genome)).toEqual([]);
    expect(new Set(children.map(({ genome }) => JSON.stringify({ ...genome, genome_id: "" }))).size).toBeGreaterThan(4);
  });
});

const parts = {
  density: 0.1,
  comeback: 0.2,
  tension: 0.3,
  interaction: 0.4,
  skill: 0.5,
  simplicity: 0.6,
  bluffing: 0.7,
  betting: 0.8,
};
const individual = (genome: Genome, total: number): Individual => ({
  genome,
  fitness: { total, parts, invalid: "", gates: [] },
  refused: "",
});

describe("population", () => {
  const war = CLASSICS.get("war")!;
  const three = [0.2, 0.9, 0.2].map((total, i) => individual({ ...war, genome_id: `${i}` }, total));
  test("the best come first, equals keep their order", () => {
    expect(ranked(three).map(({ genome }) => genome.genome_id)).toEqual(["1", "0", "2"]);
  });
  test("a larger tournament finds better parents", () => {
    const wins = (size: number): number =>
      Array.from({ length: 1000 }, (_, i) => tournament(three, size, Stream.of(1n, "t", i))).filter(
        ({ fitness }) => fitness.total === 0.9,
      ).length;
    expect(Math.abs(wins(1) - 333)).toBeLessThan(60); // 4 standard errors
    expect(Math.abs(wins(3) - 1000 * (1 - (2 / 3) ** 3))).toBeLessThan(60);
  });
  test("diversity is 0 for equals and grows with what differs; names do not count", () => {
    expect(diversity([war, { ...war, genome_id: "other", generation: 9 }])).toBe(0);
    const near = diversity([war, { ...war, max_turns: 7 }]);
    const far = diversity([war, CLASSICS.get("hearts")!]);
    expect(near).toBeGreaterThan(0);
    expect(far).toBeGreaterThan(near);
    expect(far).toBeLessThan(1);
  });
});

const options = (change: object = {}): Options =>
  readOptions("evolution", { population: 12, generations: 4, games: 10, greedy_games: 5, ...change });

/** Games whose figures follow from the genome alone. */
function madeUp(candidates: readonly Candidate[]) {
  return candidates.map(({ genome }) => {
    const size = JSON.stringify(genome).length;
    if (size % 7 === 0) return { refused: "not played" };
    const stats = AggregatedStats.complete({
      totalGames: 10,
      wins: Uint32Array.of(5, 5),
      avgTurns: 30,
      totalDecisions: 300n,
      totalValidMoves: BigInt(300 + (size % 100) * 30),
      totalHandSize: 3000n,
      leadChanges: size % 20,
      trailingWinners: 5,
    });
    return { played: { random: measuresOf(stats), greedy: [], search: [] } };
  });
}
const tools = (change: Partial<RunTools> = {}): RunTools & { saved: State[]; told: Chapter[]; recovered: string[] } => {
  const saved: State[] = [];
  const told: Chapter[] = [];
  const recovered: string[] = [];
  return {
    saved,
    told,
    recovered,
    pool: ownThread,
    play: async (candidates) => madeUp(candidates),
    save: async (state) => void saved.push(state),
    progress: (chapter) => void told.push(chapter),
    effects: { now: () => 0, sleep: async () => {} },
    signal: new AbortController().signal,
    onRecovery: ({ strategy }) => void recovered.push(strategy),
    ...change,
  };
};

describe("runs", () => {
  test("every generation is saved and told, the best never gets worse", async () => {
    const used = tools();
    const { state, stop } = await evolve(options(), used);
    expect(stop).toBe("generations");
    expect(state.history.map(({ generation }) => generation)).toEqual([0, 1, 2, 3, 4]);
    expect(used.saved).toHaveLength(5);
    expect(used.told).toEqual(state.history);
    const best = state.history.map((chapter) => chapter.best);
    expect(best).toEqual([...best].sort((a, b) => a - b));
    expect(best.at(-1)).toBeGreaterThan(best[0]!);
    expect(state.history.some(({ refused }) => refused > 0)).toBe(true);
    expect(state.population).toHaveLength(12);
  });
  test("a run that goes on from any generation ends like one that never stopped", async () => {
    const used = tools();
    const whole = await evolve(options(), used);
    for (const state of used.saved) {
      const copy = JSON.parse(JSON.stringify(state)) as State;
      const rest = await evolve(options(), tools(), copy);
      expect(runHash(rest.state.history)).toBe(runHash(whole.state.history));
    }
    expect(runHash((await evolve(options({ seed: 2 }), tools())).state.history)).not.toBe(runHash(whole.state.history));
  });
  test("a generation that breaks off half-way is done anew from the one before, and changes nothing", async () => {
    const whole = await evolve(options(), tools());
    let calls = 0;
    const broken = tools({
      play: async (candidates) => {
        calls += 1;
        if (calls === 2) throw new BusError("core/peer-lost", { details: { service: "cards", what: "a batch" } });
        if (calls === 4) throw new BusError("plugin/failed", { details: { name: "cards" } });
        return madeUp(candidates);
      },
    });
    const { state } = await evolve(options(), broken);
    expect(broken.recovered).toEqual(["restart", "rollback"]);
    expect(runHash(state.history)).toBe(runHash(whole.state.history));
  });
  test("it ends on a plateau, and when it is stopped with the last whole generation", async () => {
    const flat = tools({ play: async (candidates) => candidates.map(() => ({ refused: "never" })) });
    const plateau = await evolve(options({ generations: 100, plateau: 3 }), flat);
    expect(plateau.stop).toBe("plateau");
    expect(plateau.state.history).toHaveLength(4);
    const stopper = new AbortController();
    const used = tools({ signal: stopper.signal });
    const stopping = { ...used, progress: (chapter: Chapter) => chapter.generation === 2 && stopper.abort() };
    const stopped = await evolve(options(), stopping);
    expect(stopped.stop).toBe("stopped");
    expect(stopped.state.history).toHaveLength(3);
  });
  test("a plateau is less than half a percent in so many generations", () => {
    const history = (...best: number[]) => best.map((each) => ({ best: each }));
    expect(onPlateau(history(0.5, 0.5, 0.5), 3)).toBe(false);
    expect(onPlateau(history(0.5, 0.5, 0.5, 0.502), 3)).toBe(true);
    expect(onPlateau(history(0.5, 0.5, 0.5, 0.503), 3)).toBe(false);
    expect(onPlateau(history(0.5, 0.5), 0)).toBe(false);
  });
  test("low diversity makes stronger changes", async () => {
    const { state } = await evolve(options({ generations: 1 }), tools());
    const alike = state.population.map((each) => ({ ...each, genome: state.population[0]!.genome }));
    const low = { ...state.history[1]!, diversity: 0.05 };
    const next = await evolve(options({ generations: 2 }), tools(), {
      population: alike,
      history: [state.history[0]!, low],
    });
    expect(next.state.history[2]!.changesMax).toBeGreaterThan(state.history[1]!.changesMax);
  });
});

describe("games over the bus", () => {
  const candidates = breed({ seed: 1n, generation: 0, indices: [0, 1, 2, 3, 4], size: 5, parents: [], changesMax: 1 });
  const answering = (answer: (items: { aiTypes: number[]; numGames: number; randomSeed: bigint }[]) => unknown) => ({
    cards: { simulate: async ({ requests }: { requests: never[] }) => answer(requests) } as never,
    effects: { now: () => 0, sleep: async () => {} },
    signal: new AbortController().signal,
    onRecovery: () => {},
  });
  const stats = (change: object = {}) =>
    AggregatedStats.complete({ totalGames: 1, wins: Uint32Array.of(1, 0), ...change });

  test("each genome meets random players, then a greedy one in every seat, with seeds of their own", async () => {
    const seen: { aiTypes: number[]; numGames: number; randomSeed: bigint }[] = [];
    const outcomes = await play(
      candidates.slice(0, 2),
      3,
      options({ search_games: 2 }),
      answering((items) => {
        seen.push(...items);
        return { results: items.map(() => stats()) };
      }),
    );
    const players = candidates.slice(0, 2).map(({ genome }) => genome.player_count);
    expect(players).toEqual([2, 2]);
    expect(seen.slice(0, 5).map(({ aiTypes, numGames }) => [aiTypes.join(), numGames])).toEqual([
      ["1,1", 10],
      ["2,1", 5],
      ["1,2", 5],
      ["3,1", 2],
      ["1,3", 2],
    ]);
    expect(new Set(seen.map(({ randomSeed }) => randomSeed)).size).toBe(seen.length);
    expect(outcomes[0]).toMatchObject({
      played: { greedy: [{ seat: 0 }, { seat: 1 }], search: [{ seat: 0 }, { seat: 1 }] },
    });
  });
  test("a genome that is not played is skipped with its reason, its neighbours are played", async () => {
    let item = 0;
    const outcomes = await play(
      candidates,
      0,
      options({ greedy_games: 0 }),
      answering((items) => ({
        results: items.map(() => (item++ === 1 ? stats({ error: 707, errorText: "no bidding here" }) : stats())),
      })),
    );
    expect(outcomes.map((outcome) => ("refused" in outcome ? outcome.refused : ""))).toEqual([
      "",
      "no bidding here",
      "",
      "",
      "",
    ]);
  });
  test("too few results end the run with the numbers", async () => {
    await expect(
      play(
        candidates,
        0,
        options(),
        answering(() => ({ results: [] })),
      ),
    ).rejects.toThrow(/0 results for \d+ items/);
  });
});

describe("options and checkpoints", () => {
  const refusal = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  test("options have defaults, and refuse what they do not know by name", () => {
    expect(readOptions("e", {})).toMatchObject({
      seed: 1,
      population: 100,
      generations: 30,
      style: "balanced",
      games: 100,
    });
    expect(refusal(() => readOptions("e", { populatoin: 5 }))).toMatch(
      /unknown key 'populatoin'; known are seed, population/,
    );
    expect(refusal(() => readOptions("e", { population: 3 }))).toMatch(
      /config\.population is 3; write a whole number from 4/,
    );
    expect(refusal(() => readOptions("e", { style: "wild" }))).toMatch(
      /config\.style is "wild"; it is one of balanced/,
    );
    expect(refusal(() => readOptions("e", { resume: true }))).toMatch(/resume needs config\.checkpoint/);
  });
  test("a checkpoint comes back as it was", async () => {
    const used = tools();
    const { state } = await evolve(options(), used);
    const path = join(folder, "run.json");
    saveCheckpoint(path, options(), state);
    expect(loadCheckpoint(path, options({ generations: 9, workers: 3 }))).toEqual(state);
    expect(refusal(() => loadCheckpoint(path, options({ games: 11 })))).toMatch(/with games 10, now it is 11/);
  });
  test("what is no checkpoint of this version is refused by what it is", () => {
    const path = join(folder, "bad.json");
    expect(refusal(() => loadCheckpoint(join(folder, "none"), options()))).toMatch(/is not there/);
    for (const [text, reason] of [
      ["{", /is no JSON/],
      ["null", /its format is undefined/],
      ['{"format": "x"}', /its format is "x"/],
      ['{"format": "busbar-card-evolution", "version": 9}', /has version 9, this program reads 1/],
    ] as const) {
      writeFileSync(path, text);
      expect(refusal(() => loadCheckpoint(path, options()))).toMatch(reason);
    }
  });
});

describe("report", () => {
  test("a plot has a point for every generation, inside its frame", () => {
    const svg = plot("a < b", [{ name: "best", values: [0, 0.5, 1] }]);
    expect(svg).toContain("a &#60; b");
    const [, points] = /points="([^"]*)"/.exec(svg)!;
    const ys = points!.split(" ").map((point) => Number(point.split(",")[1]));
    expect(ys).toHaveLength(3);
    expect(ys[0]).toBeGreaterThan(ys[1]!);
    expect(ys[1]).toBeGreaterThan(ys[2]!);
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(0);
  });
  test("the page shows the run, its parts and the best game", async () => {
    const { state, stop } = await evolve(options(), tools());
    const page = reportOf({ options: options(), state, hash: runHash(state.history), stop });
    expect(page.match(/<svg/g)).toHaveLength(3);
    expect(page.match(/<polyline/g)).toHaveLength(3 + 8 + 8);
    expect(page).toContain(runHash(state.history));
    expect(page).toContain(`&#34;${state.population[0]!.genome.genome_id}&#34;`);
    expect(parseGenome(state.population[0]!.genome)).toBeDefined();
    expect(page).not.toContain("<script");
  });
});

test("the topology's config is one that the service takes", () => {
  const text = readFileSync(new URL("topology.toml", import.meta.url), "utf8");
  const [, config] = /^config = \{(.*)\}$/m.exec(text)!;
  const entries = config!.split(",").map((entry) => entry.split("=").map((side) => side.trim()));
  const values = Object.fromEntries(entries.map(([key, value]) => [key, JSON.parse(value!)]));
  expect(readOptions("evolution", values)).toEqual(readOptions("evolution", {}));
});
