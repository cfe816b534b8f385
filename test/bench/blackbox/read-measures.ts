/** Measures of the black box's reader: each makes its own recording, in memory where there is room, and removes it. */
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { recover } from "../../../services/blackbox/index.ts";
import { type Measure, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Bench } from "../suite.ts";
import { fill } from "./native.ts";
import type { TurnTask } from "./reading.ts";
import type { RecoverTask } from "./recovering.ts";
import { EVENT_BYTES } from "./workload.ts";

const SUITE = "blackbox";
const NS_PER_S = 1e9;
/** An event in a file with its record and index entry, and its share of the summary. */
const FILE_BYTES = 260;

const EVENTS = { full: 10_000_000, quick: 1_000_000, smoke: 20_000 } as const;
const TURNS = 1000;
/** What a file of the default size holds, about. */
const RECOVERED = { full: 1_000_000, quick: 1_000_000, smoke: 20_000 } as const;
/** Questions of a round. */
const ASKED = 10;

async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize > 2 * bytes;
}

/** A folder of its own for `work`: in memory when that has twice the room, else on the disk. */
async function within(
  bench: Bench,
  memory: string | undefined,
  bytes: number,
  work: (folder: string, where: string) => Promise<void>,
): Promise<void> {
  const inMemory = memory !== undefined && (await hasRoom(memory, bytes));
  const folder = mkdtempSync(join(inMemory ? memory : bench.folder, "recording-"));
  try {
    await work(folder, inMemory ? "files in memory" : "files on disk, read before");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const entrant = (label: string, contestant: Entrant["contestant"], task: object, note?: string): Entrant => ({
  label,
  contestant,
  transport: "local",
  variant: JSON.stringify(task),
  processes: 1,
  ...(note === undefined ? {} : { note }),
});

const queryTurn = (bench: Bench, memory: string | undefined): Promise<void> => {
  const events = EVENTS[bench.pace.name];
  return within(bench, memory, events * FILE_BYTES, async (folder, where) => {
    bench.progress(`query_turn10m: filling ${events} events`);
    await fill(folder, events, TURNS);
    const task = (reader: TurnTask["reader"]): TurnTask => ({ folder, events, turns: TURNS, reader });
    const files = readdirSync(folder).length;
    const measure: Measure = {
      title: "query_turn10m",
      workload: "tick64",
      calibrate: async (pair, { warmUpMs }) => {
        if (warmUpMs > 100) await pair.burst(ASKED);
        return async (sized) => (await sized.burst(ASKED)) / ASKED;
      },
      entrants: [
        entrant("busbar", "blackbox-turn", task("busbar")),
        entrant("mcap-core", "blackbox-turn", task("mcap-core"), "told the turn's times; knows no turns"),
        entrant("kept open", "blackbox-turn", task("busbar-open"), "ours, opened once for all questions"),
      ],
      comparisons: [
        {
          facts: {
            suite: SUITE,
            measure: "query_turn10m",
            unit: "ns",
            size: EVENT_BYTES,
            note: `open, all ${events / TURNS} events of one turn out of ${events} in ${files} files, close; another turn each time; ${where}`,
          },
          ours: "busbar",
          peers: [
            { label: "mcap-core", name: "mcap-core" },
            { label: "kept open", name: "kept open" },
          ],
        },
      ],
    };
    await runMeasure(bench, measure);
  });
};

const recoverFile = (bench: Bench, memory: string | undefined): Promise<void> => {
  const events = RECOVERED[bench.pace.name];
  return within(bench, memory, 2 * events * FILE_BYTES, async (folder, where) => {
    await fill(folder, events, 100);
    const path = join(folder, "events-000001.mcap");
    // Torn inside a chunk: neither summary nor turn index, as after a crash.
    truncateSync(path, Math.floor(statSync(path).size * 0.95));
    const { size } = statSync(path);
    const counting = await recover(path, { out: `${path}.count.mcap` });
    rmSync(counting.out);
    const task = (way: RecoverTask["way"]): RecoverTask => ({ path, messages: counting.messages, way });
    const measure: Measure = {
      title: "recover",
      workload: "tick64",
      calibrate: async (pair, { warmUpMs }) => {
        if (warmUpMs > 100) await pair.burst(size);
        return async (sized) => (NS_PER_S * size) / (await sized.burst(size));
      },
      entrants: [
        entrant("busbar", "blackbox-recover", task("recover")),
        entrant("read", "blackbox-recover", task("read"), "a bare read of as many bytes in pieces of 128 KiB"),
        entrant(
          "copy",
          "blackbox-recover",
          task("copy"),
          "read and written again in pieces of 128 KiB, nothing looked at",
        ),
      ],
      comparisons: [
        {
          facts: {
            suite: SUITE,
            measure: "recover",
            unit: "1/s",
            note: `bytes a second of a file of ${Math.round(size / 1e6)} MB that lost its end, into a new one; ${where}`,
          },
          ours: "busbar",
          peers: [
            { label: "read", name: "read" },
            { label: "copy", name: "copy" },
          ],
        },
      ],
    };
    await runMeasure(bench, measure);
  });
};

export const READ_MEASURES: Readonly<Record<string, (bench: Bench, memory: string | undefined) => Promise<void>>> = {
  query_turn10m: queryTurn,
  recover: recoverFile,
};
