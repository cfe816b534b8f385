// Method: the root topology is played as users play it, then its recording is asked what happened and played back.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Project, type Result, ROOT } from "../../bus/cli/test-support.ts";

const TURNS = 25;
let project: Project;
let result: { hash: string; told: string; events: number; turns: number; battles: number; shipsLost: number };

beforeAll(async () => {
  project = new Project();
  const text = readFileSync(join(ROOT, "topology.toml"), "utf8")
    .replace('schema = "schema"', `schema = ${JSON.stringify(join(ROOT, "schema"))}`)
    .replaceAll('run = "ts:', `run = "ts:${ROOT}/`)
    .replace(/turns = \d+, pace_ms = \d+/, `turns = ${TURNS}, pace_ms = 0`);
  project.write("topology.toml", text);
  result = parsed(await project.run("up", "--once")) as typeof result;
}, 120_000);
afterAll(() => project.close());

function parsed({ code, stdout, stderr }: Result): unknown {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
const recordings = (): string => join(project.folder, ".busbar", "recordings");
const log = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await project.run("log", ...args, "--json");
  expect(code, `${args.join(" ")}: ${stderr}`).toBe(0);
  return JSON.parse(stdout);
};

test("every event that was told is in the recording, which is whole", async () => {
  expect(readdirSync(recordings())).toEqual(["events-000001.mcap"]);
  // Beside the events there is one message a turn.
  expect(await log("info", recordings())).toMatchObject({ messages: result.events + TURNS });
  expect((await project.run("log", "verify", recordings())).code).toBe(0);
});

test("the log explains the first battle: who met, what it cost, how it ended", { timeout: 120_000 }, async () => {
  expect(result.battles).toBeGreaterThan(0);
  let turn = 1;
  while ((await project.run("log", "combat", recordings(), `t${turn}-b0`)).code !== 0 && turn < TURNS) turn++;
  const combat = (await log("combat", recordings(), `t${turn}-b0`)) as { damage: { count: number }; turns: number[] };
  expect(combat.turns).toEqual([turn]);
  expect(combat.damage.count).toBeGreaterThan(0);
  expect(await log("timeline", recordings(), String(turn))).toMatchObject({ turn });
});

test("a recording that is played back brings the chronicle to the state that it had", {
  timeout: 120_000,
}, async () => {
  const text = readFileSync(join(ROOT, "examples", "galaxy", "replay.toml"), "utf8")
    .replace('schema = "../../schema"', `schema = ${JSON.stringify(join(ROOT, "schema"))}`)
    .replaceAll('run = "ts:', `run = "ts:${ROOT}/examples/galaxy/`);
  project.write("replay.toml", text);
  const up = project.start(["up", "--topology", "replay.toml"]);
  await up.saw(/chronicle +\| ready/);
  const replayed = await project.run("replay", recordings(), "--clock", "--topology", "replay.toml", "--json");
  expect(parsed(replayed)).toMatchObject({ published: result.events + TURNS, steps: TURNS });
  const told = parsed(await project.run("call", "Chronicle.Told", "{}", "--topology", "replay.toml", "--json"));
  expect(told).toMatchObject({ hash: result.told, turn: TURNS, battles: result.battles });
  expect((await project.run("down", "--topology", "replay.toml")).code).toBe(0);
  await up.ended;
});

test("while it is played, top and the metrics show its edges and the records of its services", {
  timeout: 120_000,
}, async () => {
  const text = readFileSync(join(project.folder, "topology.toml"), "utf8");
  project.write("live.toml", text.replace(/turns = \d+, pace_ms = \d+/, "turns = 1000, pace_ms = 50"));
  const up = project.start(["up", "--topology", "live.toml"]);
  // Combat has something to show once somebody has met.
  await up.saw(/\d+% turn/, 60_000);
  let combat: { writer: string; values: Record<string, unknown> } | undefined;
  let edges: { edge: string; published: number; delivered: number; inFlight: number }[] = [];
  for (let tries = 0; tries < 30 && (combat === undefined || combat.values.totalCombats === "0"); tries++) {
    const top = parsed(await project.run("top", "--once", "--json", "--topology", "live.toml")) as {
      edges: typeof edges;
      telemetry: ({ service: string } & NonNullable<typeof combat>)[];
    };
    edges = top.edges;
    combat = top.telemetry.find(({ service }) => service === "combat");
  }
  expect(combat?.writer).toBe("alive");
  expect(Number(combat?.values.totalCombats)).toBeGreaterThan(0);
  expect(edges.find(({ edge }) => edge === "turns -> blackbox")?.delivered).toBeGreaterThan(0);
  const metrics = await project.run("metrics", "--topology", "live.toml");
  expect(metrics.stdout).toMatch(
    /busbar_telemetry_(?:total_)?combats(?:_total)?\{service="combat",process="core"\} [1-9]/,
  );
  expect((await project.run("down", "--topology", "live.toml")).code).toBe(0);
  await up.ended;
});
