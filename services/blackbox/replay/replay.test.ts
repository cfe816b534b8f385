// Method: a run of a real bus is recorded, with its ticks, and replayed onto a second bus that lacks the source; services that follow
// the simulated clock hash what they saw, and the two run hashes must be equal. Pacing and order are tested over ports of the test's own.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DamageDealt, TurnStart } from "#generated/blackbox";
import { Tick } from "#generated/busbar/clock";
import { buildPackage, MAIN, Project, type Result, ROOT, Running } from "../../../bus/cli/test-support.ts";
import { memorySource, openSources, type RawType, replay } from "../index.ts";
import { type Any, type Recorded, war } from "../testing/war.ts";
import { written } from "../testing/written.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
}, 120_000);
afterAll(() => project.close());

const door = (path: string): string => JSON.stringify(`file://${join(ROOT, "dist", path)}`);

const SOURCE = `import { DamageDealt, TurnStart } from ${door("bus/generated/blackbox.js")};
export default {
  start(bus, ctx) {
    const turns = bus.publisher(TurnStart);
    const hits = bus.publisher(DamageDealt);
    let sequence = 0n;
    const header = (eventType, turnNumber) => ({
      timestamp: ctx.clock.now(), sequence: ++sequence, factionId: sequence % 3n, turnNumber, eventType,
    });
    ctx.clock.onTick(async (tick) => {
      const turn = Number(tick / 4n);
      if (tick % 4n === 0n) await turns.publish({ header: header(5, turn), turnNumber: turn, actions: ["go"] });
      for (let i = 0n; i < tick % 5n; i++)
        await hits.publish({ header: header(2, turn), combatId: "c" + turn, sourceEntity: tick, targetEntity: i, damageAmount: Number(i) / 4 });
    });
  },
};
`;

/** What it sees changes its state in an order-dependent way. */
const TALLY = `import { DamageDealt, TurnStart } from ${door("bus/generated/blackbox.js")};
export default {
  async start(bus, ctx) {
    let state = 14695981039346656037n;
    const mix = (n) => { state = BigInt.asUintN(64, (state ^ BigInt.asUintN(64, BigInt(n))) * 1099511628211n); };
    const turns = bus.subscriber(TurnStart);
    const hits = bus.subscriber(DamageDealt);
    turns.on((m) => { mix(m.header.sequence); mix(m.turnNumber); });
    hits.on((m) => { mix(m.header.sequence); mix(m.header.timestamp); mix(m.sourceEntity); mix(Math.round(m.damageAmount * 4)); });
    ctx.clock.onHash(() => state);
  },
};
`;

const RECORDER = `import { writeFileSync } from "node:fs";
import { DamageDealt, TurnStart } from ${door("bus/generated/blackbox.js")};
import { Tick } from ${door("bus/generated/busbar/clock.js")};
import { encodeMessage } from ${door("bus/schema/index.js")};
const seen = [];
let path;
export default {
  async start(bus, ctx) {
    path = ctx.config.path;
    for (const type of [TurnStart, DamageDealt, Tick]) {
      const subscriber = bus.subscriber(type);
      subscriber.on((view, meta) => {
        const value = {};
        for (const key of Object.keys(type === Tick ? { tick: 0, timeNs: 0, over: 0 } : type === TurnStart ? { header: 0, factionId: 0, turnNumber: 0, actions: 0 } : { header: 0, combatId: 0, sourceEntity: 0, targetEntity: 0, damageAmount: 0, damageType: 0, weaponId: 0 })) value[key] = view[key];
        const { header } = value;
        const own = header === undefined ? undefined : { timestamp: header.timestamp, sequence: header.sequence, factionId: header.factionId, turnNumber: header.turnNumber, eventType: header.eventType };
        const payload = encodeMessage(type, own === undefined ? value : { ...value, header: own });
        seen.push({ type: type.name, payload: Buffer.from(payload).toString("base64"), replayed: meta.replayed, time: String(own?.timestamp ?? value.timeNs), sequence: String(own?.sequence ?? 0), turn: own?.turnNumber, faction: own === undefined ? undefined : String(own.factionId) });
      });
    }
  },
  stop() { writeFileSync(path, JSON.stringify(seen)); },
};
`;

/** "live": with the source; "command": busbar replay joins it. */
type Kind = "live" | "command";

const PUBLISHER: Readonly<Record<Kind, string>> = {
  live: '[services.source]\nrun = "ts:source.js"\nclock = true',
  command: '[services.replay]\ncalls = ["busbar.clock.Clock"]',
};

const topologyOf = (recorded: string, kind: Kind): string => `[bus]
name = "again"
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"
[clock]
step = "5ms"
rate = "paused"
node = "main"
[[nodes]]
name = "main"
services = [${kind === "live" ? '"source", ' : ""}"tally", "recorder"]
${kind === "command" ? '[[nodes]]\nname = "outside"\nservices = ["replay"]' : ""}
${PUBLISHER[kind]}
publishes = ["blackbox.TurnStart", "blackbox.DamageDealt"]
[services.tally]
run = "ts:tally.js"
clock = true
subscribes = ["blackbox.TurnStart", "blackbox.DamageDealt"]
[services.recorder]
run = "ts:recorder.js"
subscribes = ["blackbox.TurnStart", "blackbox.DamageDealt", "busbar.clock.Tick"]
config = { path = ${JSON.stringify(recorded)} }
`;

interface Seen {
  type: string;
  payload: string;
  replayed: boolean;
  time: string;
  sequence: string;
  turn?: number;
  faction?: string;
}

const TYPES: Readonly<Record<string, Any>> = {
  [TurnStart.name]: TurnStart,
  [DamageDealt.name]: DamageDealt,
  [Tick.name]: Tick,
};

const asRecorded = (seen: readonly Seen[]): Recorded[] =>
  seen.map((each, i) => ({
    type: each.type,
    messageType: TYPES[each.type]!,
    time: BigInt(each.time),
    sequence: each.sequence === "0" ? BigInt(i + 1) : BigInt(each.sequence),
    published: BigInt(i),
    turn: each.turn,
    faction: each.faction === undefined ? undefined : BigInt(each.faction),
    topic: "",
    payload: Buffer.from(each.payload, "base64"),
    value: {},
  }));

const readSeen = (path: string): Seen[] => JSON.parse(readFileSync(path, "utf8"));

/** Starts a bus, lets `work` do something with it, ends it; @returns what its recorder saw */
async function during(topology: string, services: readonly string[], work: () => Promise<void>): Promise<Seen[]> {
  const path = join(project.folder, `${topology}.json`);
  const up = project.start(["up", "--topology", topology]);
  for (const name of services) await up.saw(new RegExp(`${name} +\\| ready`));
  await work();
  expect((await project.run("down", "--topology", topology)).code).toBe(0);
  await up.ended;
  return readSeen(path);
}

async function stepped(topology: string): Promise<string> {
  const args = ["call", "busbar.clock.Clock/Step", '{"ticks": "40"}', "--topology", topology, "--json"];
  const { code, stdout, stderr } = await project.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout).run_hash;
}

const payloadsOf = (seen: readonly Seen[]): string[] =>
  seen.filter(({ type }) => type !== Tick.name).map(({ payload }) => payload);

/** `busbar replay`, with Enter pressed each time it asks for it; @returns also how often it asked */
async function pressing(...args: readonly string[]): Promise<Result & { readonly asked: number }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: project.folder,
    env: { ...process.env, XDG_RUNTIME_DIR: project.runtime, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const running = new Running(child);
  let asked = 0;
  child.stderr.on("data", () => {
    for (; asked < running.stderr.split("Enter goes on").length - 1; asked++) child.stdin.write("\n");
  });
  const overdue = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const result = await running.ended;
  clearTimeout(overdue);
  return { ...result, asked };
}

describe("a run that is replayed has the run hash of the live one, and recorders see that they have had it all", () => {
  let liveHash = "";
  let seen: Seen[];
  let recording: string;
  beforeAll(async () => {
    project.write("source.js", SOURCE);
    project.write("tally.js", TALLY);
    project.write("recorder.js", RECORDER);
    project.write("live.toml", topologyOf(join(project.folder, "live.toml.json"), "live"));
    seen = await during("live.toml", ["source", "tally", "recorder"], async () => {
      liveHash = await stepped("live.toml");
    });
    expect(liveHash).toMatch(/^[0-9a-f]{64}$/);
    expect(payloadsOf(seen)).toHaveLength(90);
    expect(seen.some(({ replayed }) => replayed)).toBe(false);
    recording = join(project.folder, "live-000001.mcap");
    writeFileSync(recording, await written(asRecorded(seen), { perChunk: 16 }));
  }, 60_000);

  /** Replays on a bus without the source; @returns ms from the start of the command to its end, and how often it asked */
  async function again(name: string, ...options: readonly string[]): Promise<{ ms: number; asked: number }> {
    const topology = `${name}.toml`;
    project.write(topology, topologyOf(join(project.folder, `${topology}.json`), "command"));
    let took = { ms: 0, asked: 0 };
    const repeated = await during(topology, ["tally", "recorder"], async () => {
      const from = performance.now();
      const args = ["replay", recording, "--clock", "--topology", topology, ...options];
      const { code, stdout, stderr, asked } = await pressing(...args);
      took = { ms: performance.now() - from, asked };
      expect(code, stderr).toBe(0);
      if (asked === 0) expect(stderr).toBe("");
      const types = { [DamageDealt.name]: 80, [TurnStart.name]: 10 };
      if (options.includes("--json"))
        expect(JSON.parse(stdout)).toMatchObject({ published: 90, types, steps: 40, runHash: liveHash });
      else {
        expect(stdout).toMatch(/^90 messages published/);
        expect(stdout).toContain(`40 steps of the clock, run hash ${liveHash}`);
      }
    });
    expect(payloadsOf(repeated)).toHaveLength(90);
    expect(repeated.filter(({ type }) => type !== Tick.name).every(({ replayed }) => replayed)).toBe(true);
    expect(payloadsOf(repeated).sort()).toEqual(payloadsOf(seen).sort());
    return took;
  }

  test("as fast as it goes", { timeout: 60_000 }, async () => {
    expect((await again("fast", "--json")).asked).toBe(0);
  });

  test("at a speed, in the time that this takes", { timeout: 60_000 }, async () => {
    // 39 ticks of 5 ms lie between the first and the last one; twenty times as slow that is longer than the rest takes.
    expect((await again("slow", "--json", "--speed", "0.05")).ms).toBeGreaterThan(39 * 5 * 20);
  });

  test("stepped by hand, asked once for each instant at which something happened", { timeout: 60_000 }, async () => {
    const events = seen.filter(({ type }) => type !== Tick.name);
    const instants = new Set(events.map(({ time }) => time)).size;
    expect(instants).toBeGreaterThan(20);
    expect((await again("stepped", "--step")).asked).toBe(instants);
  });
});

/** Ports that write down what is done to them. */
function scribe(): { log: string[]; ports: Parameters<typeof replay>[1]; clock: { now: number } } {
  const log: string[] = [];
  const clock = { now: 0 };
  const ports = {
    publisher: (type: RawType) => ({
      type: type.name,
      async publish(payload: Uint8Array, options: { replayed?: boolean; topic?: string }) {
        log.push(`publish ${type.name} ${payload.length} ${options.replayed} ${options.topic ?? ""}`.trim());
      },
      tryPublish: () => "sent" as const,
      publishAll: async () => 0,
      async flush() {
        log.push(`flush ${type.name}`);
      },
    }),
    now: () => clock.now,
    async sleep(ms: number) {
      clock.now += ms;
      log.push(`sleep ${ms}`);
    },
  };
  return { log, ports, clock };
}

test("order, flag, topics: what was recorded is what is published", async () => {
  const messages = war({ seed: 31, turns: 6 });
  await using recording = await openSources([memorySource(await written(messages, { perChunk: 30 }))]);
  const { log, ports } = scribe();
  const report = await replay(recording, ports);
  expect(report).toMatchObject({ published: messages.length, steps: 0 });
  expect(log.filter((line) => line.startsWith("publish"))).toEqual(
    messages.map((m) => `publish ${m.type} ${m.payload.length} true ${m.topic}`.trim()),
  );
  const part = scribe();
  await replay(recording, part.ports, { fromTurn: 4, types: ["TurnStart", "Refused"] });
  expect(part.log.filter((line) => line.startsWith("publish"))).toHaveLength(6);
});

test("speed stretches recorded time, and a step at a time asks before each instant", async () => {
  const messages = war({ seed: 32, turns: 3, perTurn: 5, others: false });
  await using recording = await openSources([memorySource(await written(messages))]);
  const slow = scribe();
  await replay(recording, slow.ports, { speed: 0.001 });
  const last = messages.at(-1)!.time - messages[0]!.time;
  expect(slow.clock.now).toBeCloseTo(Number(last) / 1e3, -1);
  const asked: bigint[] = [];
  const stepwise = scribe();
  const proceed = async ({ time }: { time: bigint }): Promise<boolean> => asked.push(time) < 4;
  const report = await replay(recording, { ...stepwise.ports, proceed });
  expect(report.published).toBe(3);
  expect(asked).toEqual(messages.slice(0, 4).map(({ time }) => time));
  await expect(replay(recording, stepwise.ports, { speed: -1 })).rejects.toMatchObject({
    code: "blackbox/replay-refused",
  });
});

test("without recorded ticks the clock is stepped to each new time, after what came before was delivered", async () => {
  const messages = war({ seed: 33, turns: 2, perTurn: 6, others: false });
  await using recording = await openSources([memorySource(await written(messages))]);
  const { log, ports } = scribe();
  const step = async (time: bigint): Promise<void> => {
    log.push(`step ${time}`);
  };
  const report = await replay(recording, { ...ports, step });
  const times = [...new Set(messages.map(({ time }) => time))];
  expect(report.steps).toBe(times.length);
  const shape = log.map((line) => line.split(" ")[0]);
  // Between a publish and the next step there is always a flush.
  for (const [i, word] of shape.entries()) if (word === "step") expect(shape[i - 1]).toBe("flush");
  expect(log.filter((line) => line.startsWith("step")).map((line) => line.split(" ")[1])).toEqual(times.map(String));
});
