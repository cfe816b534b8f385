// Method: `busbar up` holds the recorder in a process of its own and this process publishes to it over the bus. The recorder is
// killed (-9) or stopped (SIGSTOP) at seeded moments of a run that goes on; then every message that was published is looked for in
// the files, and what is not there in recovery's account: what a kill took and what was on its way.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { DamageDealt, type DamageDealtInit, EventType } from "#generated/blackbox";
import { GameResult } from "#generated/tournament";
import { buildPackage } from "../../bus/cli/test-support.ts";
import { open, type RecoveryReport, recover, verify } from "./index.ts";
import { openRecorder, type RecorderRig } from "./testing/recorder-rig.ts";
import { dice } from "./testing/war.ts";

beforeAll(buildPackage, 120_000);

const TYPES = [DamageDealt.name, GameResult.name];
const CHUNK_BYTES = 64 * 1024;
/** Head of a message's record in a chunk. */
const HEAD_BYTES = 31;

const damage = (sequence: bigint, combatId = "c"): DamageDealtInit => ({
  header: { timestamp: sequence, sequence, factionId: sequence % 3n, turnNumber: 1, eventType: EventType.damageDealt },
  combatId,
  sourceEntity: 1n,
  targetEntity: 2n,
  damageAmount: 1.5,
});

/** Publishes events that carry a sequence, and messages that do not, by turns until it is told to end. */
class World {
  damage = 0;
  results = 0;
  ended = false;
  readonly #run: Promise<void>;

  constructor(rig: RecorderRig) {
    const hits = rig.bus.publisher(DamageDealt);
    const results = rig.bus.publisher(GameResult);
    this.#run = (async () => {
      while (!this.ended) {
        for (let i = 0; i < 7; i++) await hits.publish(damage(BigInt(++this.damage)));
        await results.publish({ index: ++this.results, genome: "war", players: [] });
        // Leaves the event loop to what tells that the recorder is gone and back.
        if (this.results % 50 === 0) await sleep(1);
      }
      await hits.flush({ timeout: "20s" });
      await results.flush({ timeout: "20s" });
    })();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.#run;
  }
}

const edgeOf = (rig: RecorderRig): { published: number; delivered: number; dropped: number; linkLost: number } => {
  const { data } = rig.bus.accounts().edges.find(({ target }) => target === "blackbox")!;
  const dropped = Object.values(data.dropped).reduce((sum, count) => sum + count, 0);
  expect(data.published).toBe(data.delivered + dropped + data.inFlight);
  return { ...data, dropped, linkLost: data.dropped.link_lost };
};

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(10);
};

/** What is in the files: numbers of each type, none of them twice, and the smallest payload. */
async function recorded(dir: string): Promise<{ damage: Set<number>; results: Set<number>; smallest: number }> {
  await using recording = await open(dir);
  const found = { damage: new Set<number>(), results: new Set<number>() };
  let smallest = Number.POSITIVE_INFINITY;
  let messages = 0;
  for await (const event of recording.arrivals()) {
    messages++;
    smallest = Math.min(smallest, event.payload.length);
    if (event.type === DamageDealt.name) found.damage.add(Number(event.sequence));
    else found.results.add(Number(event.value().index));
  }
  expect(found.damage.size + found.results.size, "nothing is recorded twice").toBe(messages);
  return { ...found, smallest };
}

test.each([1, 2])(
  "a recorder that is killed again and again: what was published is recorded or told to be lost, seed %d",
  { timeout: 30_000 },
  async (seed) => {
    const roll = dice(seed);
    await using rig = await openRecorder({
      placement: "isolated",
      types: TYPES,
      restarts: true,
      config: "chunk_kib = 64, chunk_ms = 10000",
    });
    await rig.blackbox.version({ caller: "1.0" }, { timeout: "20s" });
    const world = new World(rig);
    let kills = 0;
    for (; kills < 4; kills++) {
      // A kill needs something to take: the recorder is back when it takes messages again.
      const { delivered } = edgeOf(rig);
      const due = delivered + 10 + roll(3000);
      await until(() => edgeOf(rig).delivered > due);
      const pid = rig.pid()!;
      process.kill(pid, "SIGKILL");
      await until(() => rig.pid() !== pid);
    }
    const { delivered } = edgeOf(rig);
    await until(() => edgeOf(rig).delivered > delivered + 100);
    await world.end();
    const edge = edgeOf(rig);
    await rig.down();

    const reports: RecoveryReport[] = [];
    for (const path of rig.files()) if (!(await verify(path)).complete) reports.push(await recover(path));
    expect(reports).toHaveLength(kills);
    expect(edge).toMatchObject({ published: world.damage + world.results, dropped: edge.linkLost });
    const { damage, results, smallest } = await recorded(rig.dir);
    let taken = 0;
    let onTheWay = 0;
    for (const { missing } of reports) {
      expect(missing.exact).toBe(true);
      expect(missing.events! * (HEAD_BYTES + smallest), "at most the open chunk").toBeLessThanOrEqual(CHUNK_BYTES);
      taken += missing.events!;
      onTheWay += missing.onTheWay!;
    }
    const lost = world.damage - damage.size + (world.results - results.size);
    expect(taken, "kills took something").toBeGreaterThan(0);
    expect(taken + onTheWay, `${taken} taken by kills, ${onTheWay} on their way`).toBe(lost);
    // What came and was not confirmed is link_lost to its publisher as well.
    expect(onTheWay).toBeLessThanOrEqual(edge.linkLost);
    // The sequences that are told are gone, and of what the kills took no type is left out.
    const inHoles = reports.flatMap(({ missing }) => missing.sequences);
    for (const { from, to } of inHoles)
      for (let sequence = from; sequence <= to; sequence++) expect(damage.has(Number(sequence))).toBe(false);
    const byType = (type: string): number =>
      reports.reduce((sum, { missing }) => sum + (missing.types?.[type] ?? 0), 0);
    expect(byType(DamageDealt.name) + byType(GameResult.name)).toBe(taken);
    expect(byType(GameResult.name)).toBeGreaterThan(0);
  },
);

/** Most that a process has had in memory, KiB. Linux only. */
const peakKib = (pid: number | "self"): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

test("a burst that is faster than a recorder which stands still now and then: publishers wait, nothing is lost, memory stays bounded", {
  timeout: 30_000,
}, async () => {
  const EVENTS = 36_000;
  const PUBLISHERS = 4;
  const text = "x".repeat(4000);
  const CAPACITY_BYTES = 1024 * 1024;
  // Per process, beyond what it had at the start: two rings, one chunk and the indexes of a file are 3 MiB; V8 takes the rest
  // before it collects what was encoded. All events together are 144 MiB.
  const GROWTH_KIB_MAX = 64 * 1024;
  const roll = dice(3);
  await using rig = await openRecorder({
    placement: "isolated",
    types: TYPES,
    config: "chunk_kib = 64",
    edges: 'policy = { kind = "block", timeout = "20s" }',
  });
  await rig.blackbox.version({ caller: "1.0" }, { timeout: "20s" });
  const hits = rig.bus.publisher(DamageDealt);
  let next = 0;
  const publish = async (upTo: number): Promise<void> => {
    while (next < upTo) await hits.publish(damage(BigInt(++next), text));
  };
  await publish(2000);
  await hits.flush();
  const pid = rig.pid()!;
  const before = { recorder: peakKib(pid), here: peakKib("self") };

  let ended = false;
  const burst = Promise.all(Array.from({ length: PUBLISHERS }, () => publish(EVENTS))).then(() => {
    ended = true;
  });
  let stops = 0;
  for (; stops < 4 && !ended; stops++) {
    const due = next + 500 + roll(5000);
    await until(() => ended || next > due);
    process.kill(pid, "SIGSTOP");
    await sleep(300);
    const { edges } = rig.bus.accounts();
    const { data, waitingBytes } = edges.find(({ target }) => target === "blackbox")!;
    const stoppedAt = next;
    await sleep(200);
    // Who is full stands still: what the edge holds, and one event in the hand of each publisher.
    expect(next, "publishers wait for a recorder that stands still").toBe(stoppedAt);
    expect(data.inFlight * text.length + waitingBytes).toBeLessThan(4 * CAPACITY_BYTES);
    process.kill(pid, "SIGCONT");
  }
  await burst;
  await hits.flush({ timeout: "20s" });
  expect(stops).toBe(4);
  await rig.blackbox.flush({});
  const stats = await rig.blackbox.stats({});
  expect(stats).toMatchObject({ received: BigInt(EVENTS), written: BigInt(EVENTS), buffered: 0n, refused: [] });
  expect(edgeOf(rig)).toMatchObject({ published: EVENTS, delivered: EVENTS, dropped: 0 });
  expect(peakKib(pid) - before.recorder, "memory of the recorder").toBeLessThan(GROWTH_KIB_MAX);
  expect(peakKib("self") - before.here, "memory of the publisher").toBeLessThan(GROWTH_KIB_MAX);
  await rig.down();
  for (const path of rig.files()) expect(await verify(path)).toMatchObject({ sound: true });
  expect((await recorded(rig.dir)).damage.size).toBe(EVENTS);
});
