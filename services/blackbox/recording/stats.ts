import type { RecordingFile } from "./file.ts";
import { livesOf } from "./lives.ts";
import type { Recording } from "./recording.ts";

/** What the indexes of one file say. */
export interface FileStats {
  readonly path: string;
  readonly bytes: number;
  /** False: no footer, or damaged; messages and types are then counted by the message indexes behind its chunks. */
  readonly complete: boolean;
  /** Undefined: it has no statistics, and a chunk has no message index. */
  readonly messages: number | undefined;
  readonly chunks: number;
  /** Share of the stored size of chunks in their size: 1 without compression. */
  readonly stored: number;
  /** ns; undefined without messages. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly turns: number;
  readonly firstTurn: number | undefined;
  readonly lastTurn: number | undefined;
  /** Bytes behind the last whole record, of a file that is not complete. */
  readonly torn: number;
}

export interface Stats {
  readonly files: readonly FileStats[];
  readonly bytes: number;
  /** Of the files that tell. */
  readonly messages: number;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  /** Messages by type, of the files that tell. */
  readonly types: Readonly<Record<string, number>>;
  readonly channels: number;
  readonly turns: number;
  readonly firstTurn: number | undefined;
  readonly lastTurn: number | undefined;
  /** Lives of the recorder that the files are of; turns and sequences of each may begin anew. */
  readonly lives: number;
  /** What became of everything received, summed over lives: the last `busbar.account` of each. A life that was killed may have none. */
  readonly account: Readonly<Record<string, string>> | undefined;
}

export async function statsOf(recording: Recording): Promise<Stats> {
  const files = await Promise.all(recording.files.map(fileStats));
  const types: Record<string, number> = {};
  const turns = new Set<number>();
  for (const file of recording.files) {
    for (const [id, count] of countsOf(file) ?? []) {
      const type = file.channels.get(id)?.typeName ?? `channel ${id}`;
      types[type] = (types[type] ?? 0) + Number(count);
    }
    for (const turn of (await file.turns())?.turns ?? []) turns.add(turn);
  }
  const total = (of: (file: FileStats) => number): number => files.reduce((all, file) => all + of(file), 0);
  let firstTurn: number | undefined;
  let lastTurn: number | undefined;
  for (const turn of turns) {
    if (firstTurn === undefined || turn < firstTurn) firstTurn = turn;
    if (lastTurn === undefined || turn > lastTurn) lastTurn = turn;
  }
  return {
    files,
    bytes: total(({ bytes }) => bytes),
    messages: total(({ messages }) => messages ?? 0),
    from: files
      .map(({ from }) => from)
      .reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined),
    to: files.map(({ to }) => to).reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined),
    types: Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1))),
    channels: recording.files.reduce((all, file) => all + file.channels.size, 0),
    turns: turns.size,
    firstTurn,
    lastTurn,
    lives: livesOf(recording.files).length,
    account: await accountOf(recording),
  };
}

async function accountOf(recording: Recording): Promise<Stats["account"]> {
  const sums = new Map<string, bigint>();
  for (const life of livesOf(recording.files)) {
    let last: ReadonlyMap<string, string> = new Map();
    for (const file of life) last = (await file.metadata("busbar.account")) ?? last;
    for (const [name, count] of last)
      if (/^\d{1,20}$/.test(count)) sums.set(name, (sums.get(name) ?? 0n) + BigInt(count));
  }
  return sums.size === 0 ? undefined : Object.fromEntries([...sums].map(([name, count]) => [name, String(count)]));
}

/** Messages by channel. @returns undefined when nothing tells without reading the chunks */
function countsOf({ summary, scan }: RecordingFile): ReadonlyMap<number, bigint> | undefined {
  if (scan === undefined || summary.statistics !== undefined) return summary.statistics?.perChannel;
  // A chunk of a foreign writer, or the last one of a file that is being written.
  return summary.chunks.every(({ bare, indexLength }) => bare === true || indexLength > 0)
    ? scan.perChannel
    : undefined;
}

const sum = (counts: ReadonlyMap<number, bigint>): bigint => [...counts.values()].reduce((a, b) => a + b, 0n);

async function fileStats(file: RecordingFile): Promise<FileStats> {
  const { chunks, statistics } = file.summary;
  const counts = countsOf(file);
  let from: bigint | undefined;
  let to: bigint | undefined;
  let stored = 0;
  let size = 0;
  for (const chunk of chunks) {
    if (from === undefined || chunk.start < from) from = chunk.start;
    if (to === undefined || chunk.end > to) to = chunk.end;
    stored += chunk.compressed;
    size += chunk.uncompressed;
  }
  const turns = (await file.turns())?.turns ?? [];
  return {
    path: file.path,
    bytes: file.bytes,
    complete: file.complete,
    messages: counts === undefined ? undefined : Number(statistics?.messages ?? sum(counts)),
    chunks: chunks.filter(({ bare }) => bare !== true).length,
    stored: size === 0 ? 1 : stored / size,
    from,
    to,
    turns: turns.length,
    firstTurn: turns[0],
    lastTurn: turns.at(-1),
    torn: file.complete ? 0 : (file.scan?.torn ?? 0),
  };
}
