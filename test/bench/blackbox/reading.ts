/** One turn out of a large recording: the reader behind `busbar log turn`, and @mcap/core over the same files. */
import { type FileHandle, open as openFile } from "node:fs/promises";
import { McapIndexedReader } from "@mcap/core";
import { open, type Recording } from "../../../services/blackbox/index.ts";
import { pathsOf } from "../../../services/blackbox/recording/recording.ts";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";

/** A recording made by `fill`. */
export interface TurnTask {
  readonly folder: string;
  readonly events: number;
  readonly turns: number;
  readonly reader: keyof typeof READERS;
}

/** Steps from turn to turn, so that no query asks for what the one before it has just read. Has no factor in common with the turns. */
const STRIDE = 389;
/** ns of simulated time between two events (blackbox_fill.cc). */
const TIME_STEP = 1000n;

/** @returns how many events the turn has, having looked at the payload of each */
type AskTurn = (turn: number) => Promise<number>;

const READERS = {
  /** Opens the recording for each question, as the command does. */
  busbar: async ({ folder }: TurnTask): Promise<AskTurn> => {
    return async (turn) => {
      await using recording = await open(folder);
      return await counted(recording, turn);
    };
  },
  /** Opens it once and asks often. */
  "busbar-open": async ({ folder }: TurnTask): Promise<AskTurn> => {
    const recording = await open(folder);
    return (turn) => counted(recording, turn);
  },
  /** Knows nothing of turns: it is told the times of the turn and left out of files that do not have them by its own index. */
  "mcap-core": async (task: TurnTask): Promise<AskTurn> => {
    const paths = await pathsOf(task.folder);
    return async (turn) => {
      const [first, last] = placesOf(task, turn);
      const times = { startTime: TIME_STEP * BigInt(first + 1), endTime: TIME_STEP * BigInt(last + 1) };
      let events = 0;
      for (const path of paths) {
        const handle = await openFile(path, "r");
        try {
          const reader = await McapIndexedReader.Initialize({ readable: readable(handle) });
          for await (const { data } of reader.readMessages(times)) if (data.length > 0) events++;
        } finally {
          await handle.close();
        }
      }
      return events;
    };
  },
} as const;

async function counted(recording: Recording, turn: number): Promise<number> {
  let events = 0;
  for await (const { payload } of recording.turn(turn)) if (payload.length > 0) events++;
  return events;
}

const readable = (
  handle: FileHandle,
): { size(): Promise<bigint>; read(at: bigint, size: bigint): Promise<Uint8Array> } => ({
  size: async () => BigInt((await handle.stat()).size),
  async read(at, size) {
    const bytes = new Uint8Array(Number(size));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, Number(at));
    return bytes.subarray(0, bytesRead);
  },
});

/** First and last event of a turn, counted from 0: event i is of turn i * turns / events + 1, rounded down. */
function placesOf({ events, turns }: TurnTask, turn: number): readonly [number, number] {
  return [Math.ceil(((turn - 1) * events) / turns), Math.ceil((turn * events) / turns) - 1];
}

/** `variant`: a `TurnTask`. Unit: a question for one turn. */
export const turnReader: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const task: TurnTask = JSON.parse(variant);
    const ask = await READERS[task.reader](task);
    let next = 0;
    return drivenBy(async (count) => {
      for (let i = 0; i < count; i++) {
        next = (next + STRIDE) % task.turns;
        const [first, last] = placesOf(task, next + 1);
        const events = await ask(next + 1);
        if (events !== last - first + 1)
          throw new Error(`${events} of ${last - first + 1} events of turn ${next + 1} were found`);
      }
    });
  },
};
