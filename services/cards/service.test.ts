// Method: the service on a bus of this thread; every answer against what the functions behind it give.
import { afterEach, expect, test } from "vitest";
import type { BusError, Client, ServiceContext } from "#bus";
import type { Hub } from "#core";
import { Format, Genomes, Style } from "#generated/busbar/genomes";
import { AggregatedStats } from "#generated/cardsim";
import { testHub } from "../../test/support/hub.ts";
import { planOf } from "../../test/support/plan.ts";
import { checkVersion } from "../recovery/index.ts";
import { CLASSICS, compile, fitnessOf, measuresOf, parseGenome } from "./index.ts";
import service, { API_VERSION, readConfig } from "./service.ts";

const hubs: Hub[] = [];
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close({ drain: 200 })));
});

async function client(config: object = {}): Promise<Client<typeof Genomes>> {
  const hub = testHub({
    plan: planOf({ services: { genomes: { serves: [Genomes] }, caller: { calls: [Genomes] } } }),
  });
  hubs.push(hub);
  await hub.start();
  const caller = hub.bus("caller");
  await service.start(hub.bus("genomes"), { service: "genomes", config } as ServiceContext);
  await hub.connected();
  return caller.client(Genomes);
}
const good = {
  genome_id: "good",
  setup: { cards_per_player: 5, initial_discard_count: 1 },
  turn_structure: {
    phases: [
      { type: "draw", source: "deck" },
      { type: "play", target: "discard" },
    ],
  },
  win_conditions: [{ type: "empty_hand" }],
};
const text = JSON.stringify(good);

test("compile answers one result per genome, and a bad one spoils no other", async () => {
  const genomes = await client();
  const war = JSON.stringify(CLASSICS.get("war"));
  const { results } = await genomes.compile({ genomes: [text, "{", '{"genome_id": "x"}', war] });
  expect(results.map(({ format }) => format)).toEqual(["v2", null, null, "v3"]);
  expect(results[0]).toMatchObject({ genomeId: "good", playerCount: 2, error: 0 });
  expect(results[0]!.program).toEqual(compile(parseGenome(good)));
  expect(results[1]).toMatchObject({ error: 704 });
  expect(results[1]!.errorText).toMatch(/^cards\/bad-genome: genome: is no JSON: /);
  expect(results[2]!.errorText).toBe("cards/bad-genome: setup: is missing");
  expect(results[3]!.program).toEqual(compile(CLASSICS.get("war")!));
});

test("a format that was asked for is kept or refused", async () => {
  const genomes = await client();
  const v3 = await genomes.compile({ genomes: [text], format: Format.v3 });
  expect(v3.results[0]!.format).toBe("v3");
  const war = await genomes.compile({ genomes: [JSON.stringify(CLASSICS.get("war"))], format: Format.v2 });
  expect(war.results[0]).toMatchObject({ error: 703, program: new Uint8Array() });
  expect(war.results[0]!.errorText).toMatch(/cards\/not-expressible: setup\.hand_visibility/);
});

test("validate lists every problem with its path", async () => {
  const genomes = await client();
  const bad = JSON.stringify({ ...good, player_count: 9, max_turn: 5 });
  const { results } = await genomes.validate({ genomes: [text, bad, "["] });
  expect(results[0]!.problems).toEqual([]);
  expect(results[1]!.problems).toEqual([
    { path: "player_count", problem: "is 9, allowed are 2 to 4" },
    { path: "max_turn", problem: 'unknown key, did you mean "max_turns"?' },
  ]);
  expect(results[2]!.problems[0]!.problem).toMatch(/is no JSON/);
});

test("score gives the fitness of the statistics it gets", async () => {
  const genomes = await client();
  const random = {
    totalGames: 10,
    wins: Uint32Array.of(6, 4),
    avgTurns: 20,
    totalDecisions: 200n,
    totalValidMoves: 500n,
  };
  const greedy = [{ seat: 1, stats: { totalGames: 10, wins: Uint32Array.of(1, 9) } }];
  const { results } = await genomes.score({
    items: [
      { genome: text, style: Style.trickTaking, random, greedy },
      { genome: "x", random },
    ],
  });
  const seat = { seat: 1, measures: measuresOf(AggregatedStats.complete(greedy[0]!.stats)) };
  const played = { random: measuresOf(AggregatedStats.complete(random)), greedy: [seat], search: [] };
  const expected = fitnessOf(parseGenome(good), played, "trick-taking");
  expect(results[0]).toMatchObject({ ...expected, error: 0 });
  expect(expected.total).toBeGreaterThan(0.1);
  expect(results[1]).toMatchObject({ error: 704, total: 0 });
});

test("a batch beyond the limit is refused by name, with both numbers", async () => {
  const genomes = await client({ items_max: 2 });
  const refused = genomes.validate({ genomes: ["", "", ""] });
  await expect(refused).rejects.toMatchObject({ code: "cards/limit-exceeded" });
  await expect(refused).rejects.toThrow(/genomes is 3, the limit is 2/);
});

test("config is checked", () => {
  expect(readConfig("g", {})).toEqual({ itemsMax: 65_536 });
  for (const config of [{ items: 5 }, { items_max: 0 }, { items_max: "5" }, { items_max: 65_537 }]) {
    expect(() => readConfig("g", config)).toThrowError(
      expect.objectContaining({ code: "runtime/bad-service" }) as BusError,
    );
  }
});

test("callers may ask for its version", async () => {
  const genomes = await client();
  expect(await checkVersion(genomes, "1.0")).toBe(API_VERSION);
  await expect(checkVersion(genomes, "1.1")).rejects.toMatchObject({ code: "services/incompatible-version" });
  await expect(checkVersion(genomes, "2.0")).rejects.toMatchObject({ code: "services/incompatible-version" });
});
