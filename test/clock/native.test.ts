// Method: two plugins and a TypeScript service that talk each tick and hash what they hear, in several placements; all hashes
// and the order that the TypeScript service sees must be equal. Plugins of one process, of several, and over tcp.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { Bus, ServiceContext } from "#core";
import { Note } from "#generated/busbar/testing";
import { openRig } from "./rig.ts";

const NATIVE = process.env.BUSBAR_NATIVE_DIR ?? resolve(import.meta.dirname, "../../.build/native/release");
const PLUGIN = join(NATIVE, "testing", "libticker.so");
const missing = existsSync(PLUGIN) ? "" : ` (skipped: ${PLUGIN} is not built)`;

const service = (name: string, run: string, more = ""): string => `[services.${name}]
run = "${run}"
clock = true
publishes = ["busbar.testing.Note"]
subscribes = ["busbar.testing.Note"]
${more}
`;
const services = (config = ""): string =>
  service("nia", `native:${PLUGIN}`) + service("nob", `native:${PLUGIN}`, config) + service("tom", "ts:tom.js");

const node = (name: string, list: readonly string[], more = ""): string =>
  `[[nodes]]\nname = "${name}"\nservices = ${JSON.stringify(list)}\n${more}\n`;
const CLOCK = '[clock]\nstep = "20ms"\ntimeout = "20s"\n';
const edges = (transport: string): string => `[[edges]]\nfrom = "*"\nto = "*"\ntransport = "${transport}"\n`;

const PLACES: Readonly<Record<string, string>> = {
  "one process": node("n0", ["nia", "nob", "tom"]),
  "a process each, over rings": node("n0", ["nia"]) + node("n1", ["nob"]) + node("n2", ["tom"]),
  "the plugins together, over unix": node("n0", ["nia", "nob"]) + node("n1", ["tom"]) + edges("unix"),
  "a tcp node each":
    node("n0", ["nia"], "port = 27321") +
    node("n1", ["nob"], "port = 27322") +
    node("n2", ["tom"], "port = 27323") +
    edges("tcp"),
};

const listening =
  (lines: string[]) =>
  (bus: Bus, { clock }: ServiceContext) => {
    const notes = bus.publisher(Note);
    bus.subscriber(Note).on(({ seq, text }, { source }) => {
      lines.push(`${clock.tick} ${source} ${seq} ${text}`);
    });
    clock.onTick(async (tick) => {
      for (let i = 0; i < 3; i++) await notes.publish({ seq: Number(tick) * 100 + i * 2, text: "call" });
    });
  };

const first: { lines?: string[]; runHash?: string | null } = {};

test.skipIf(missing !== "").for(Object.entries(PLACES))(
  `semantics/8.1 plugins see one order and make one run hash: %s${missing}`,
  async ([, place]) => {
    const lines: string[] = [];
    await using rig = await openRig({
      topology: `[bus]\n${place}${CLOCK}${services()}`,
      modules: { tom: listening(lines) },
    });
    const state = await rig.clock.step({ ticks: 50n });
    expect(state).toMatchObject({ tick: 50n, timeNs: 1_000_000_000n, error: null });
    expect(lines.slice(0, 9)).toEqual([
      "1 nia 100 call",
      "1 nia 102 call",
      "1 nia 104 call",
      "1 nob 100 call",
      "1 nob 102 call",
      "1 nob 104 call",
      // Answers of tick 1 to the calls 100 and 104 of two others each, before what is said in tick 2.
      "2 nia 101 echo",
      "2 nia 105 echo",
      "2 nia 101 echo",
    ]);
    first.lines ??= lines;
    first.runHash ??= state.runHash;
    expect(lines).toEqual(first.lines);
    expect(state.runHash).toBe(first.runHash);
  },
);

test.skipIf(missing !== "")(`a plugin whose turn fails is named${missing}`, async () => {
  await using rig = await openRig({
    topology: `[bus]\n${PLACES["one process"]}${CLOCK}${services("config = { fails = 3 }")}`,
    modules: { tom: listening([]) },
  });
  await expect(rig.clock.step({ ticks: 9n })).rejects.toMatchObject({
    code: "clock/tick-failed",
    message: expect.stringContaining("tick 3 failed in nob (on_tick gave status -1)"),
  });
  expect(await rig.clock.step({})).toMatchObject({ tick: 4n, error: null });
});

test.skipIf(missing !== "")(`what a plugin logs in a turn that fails is the reason${missing}`, async () => {
  await using rig = await openRig({
    topology: `[bus]\n${PLACES["a process each, over rings"]}${CLOCK}${services('config = { fails = 2, says = "no more steam" }')}`,
    modules: { tom: listening([]) },
  });
  await expect(rig.clock.step({ ticks: 9n })).rejects.toMatchObject({
    code: "clock/tick-failed",
    message: expect.stringContaining("tick 2 failed in nob (no more steam)"),
  });
  expect(await rig.clock.step({})).toMatchObject({ tick: 3n, error: null });
});

test.skipIf(missing !== "")(`a plugin's process that ends comes back into the tick in work${missing}`, async () => {
  await using rig = await openRig({
    topology: `[bus]\n${PLACES["a process each, over rings"]}${CLOCK.replace("20s", "4s")}${services()}`,
    modules: { tom: listening([]) },
  });
  await rig.clock.step({ ticks: 5n });
  await rig.end("n1");
  await expect(rig.clock.step({})).rejects.toMatchObject({
    code: "clock/incomplete",
    message: expect.stringMatching(/tick 6 is not over .*nob \(has not begun it\)/),
  });
  await rig.start("n1");
  const state = await rig.clock.step({ ticks: 3n });
  expect(state).toMatchObject({ tick: 8n });
  expect(state.followers.map(({ service: name, rejoined }) => [name, rejoined])).toEqual([
    ["nia", 0],
    ["nob", 1],
    ["tom", 0],
  ]);
});
