// Method: three services tell each other what they have heard so far, each tick, in several placements; what each of them
// hears, and when, must be the same list everywhere, and so must the run hash.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Bus, ServiceContext } from "#core";
import { Note } from "#generated/busbar/testing";
import { openRig } from "./rig.ts";

const NAMES = ["anna", "bert", "carl"] as const;

const services = NAMES.map(
  (name) => `
[services.${name}]
run = "ts:${name}.js"
clock = true
publishes = ["busbar.testing.Note"]
subscribes = ["busbar.testing.Note"]
`,
).join("");

const nodes = (names: readonly (readonly string[])[], ports: readonly number[] = []): string =>
  names
    .map(
      (list, i) =>
        `[[nodes]]\nname = "n${i}"\nservices = ${JSON.stringify(list)}\n${ports[i] ? `port = ${ports[i]}\n` : ""}`,
    )
    .join("\n");

const PLACES: Readonly<Record<string, string>> = {
  "one process": nodes([NAMES]),
  "a process each": nodes(NAMES.map((name) => [name])),
  "two and one, the clock with the one": `${nodes([["anna", "carl"], ["bert"]])}\n[clock]\nnode = "n1"\n`,
  "a tcp node each": `${nodes(
    NAMES.map((name) => [name]),
    [47_311, 47_312, 47_313],
  )}\n[[edges]]\nfrom = "*"\nto = "*"\ntransport = "tcp"\n`,
};

interface Heard {
  readonly lines: string[];
  hash(): bigint;
}

/** Each tick publishes `count` notes, some of them late in the turn, and answers some of those that come. */
function talker(heard: Heard, name: string, count: number) {
  return (bus: Bus, { clock }: ServiceContext): void => {
    const notes = bus.publisher(Note);
    bus.subscriber(Note).on(({ seq, text }, { source }) => {
      heard.lines.push(`${clock.tick} ${source} ${seq} ${text}`);
      if (text === "call" && seq % 2 === 0) void notes.publish({ seq: seq + 1, text: "echo" });
    });
    clock.onTick(async (tick, timeNs) => {
      heard.lines.push(`${tick} at ${timeNs}`);
      for (let i = 0; i < count; i++) {
        if (i === 1) await new Promise((resolve) => setImmediate(resolve));
        await notes.publish({ seq: Number(tick) * 100 + i * 2, text: "call" });
      }
    });
    clock.onHash(() => heard.hash());
    void name;
  };
}

const newHeard = (): Heard => {
  const lines: string[] = [];
  const hash = createHash("sha256");
  let done = 0;
  return {
    lines,
    hash() {
      for (; done < lines.length; done++) hash.update(`${lines[done]}\n`);
      return hash.copy().digest().readBigUInt64LE(0);
    },
  };
};

async function play(place: string, ticks: bigint, count: number) {
  const heard = Object.fromEntries(NAMES.map((name) => [name, newHeard()]));
  const section = place.includes("[clock]") ? "" : "[clock]\n";
  await using rig = await openRig({
    topology: `[bus]\n${place.replace("[clock]", '[clock]\nstep = "20ms"\ntimeout = "8s"')}${section === "" ? "" : '[clock]\nstep = "20ms"\ntimeout = "8s"\n'}${services}`,
    modules: Object.fromEntries(NAMES.map((name) => [name, talker(heard[name], name, count)])),
  });
  const state = await rig.clock.step({ ticks });
  return { lists: NAMES.map((name) => heard[name].lines), state };
}

describe("messages of a tick arrive between the turns, in the order of the sources", () => {
  const results = new Map<string, Awaited<ReturnType<typeof play>>>();
  test.for(Object.entries(PLACES))("semantics/8.1 the same lists and run hash: %s", async ([name, place]) => {
    const result = await play(place, 30n, 7);
    results.set(name, result);
    expect(result.state).toMatchObject({ tick: 30n, timeNs: 600_000_000n, hashedFrom: 0n, error: null });
    expect(result.state.runHash).toMatch(/^[0-9a-f]{64}$/);
    const [first] = results.values();
    expect(result.lists).toEqual(first.lists);
    expect(result.state.runHash).toBe(first.state.runHash);
    // 30 turns; of two others 7 calls each, and their answers to the calls of two others, but for the last tick's.
    expect(result.lists[0].filter((line) => line.includes(" at "))).toHaveLength(30);
    expect(result.lists[0].filter((line) => line.endsWith("call"))).toHaveLength(30 * 14);
    expect(result.lists[0].filter((line) => line.endsWith("echo"))).toHaveLength(29 * 28);
  });

  test("what one publishes in its turn comes after the other's turn, by name", async () => {
    const { lists } = await play(PLACES["one process"], 2n, 1);
    expect(lists[1]).toEqual([
      "1 at 20000000",
      "1 anna 100 call",
      "1 carl 100 call",
      "2 at 40000000",
      // Answers of the first tick are of the second, before what is said in it.
      "2 anna 101 echo",
      "2 anna 101 echo",
      "2 anna 200 call",
      "2 carl 101 echo",
      "2 carl 101 echo",
      "2 carl 200 call",
    ]);
  });
});
