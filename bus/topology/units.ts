/** Durations and sizes as they are written in topology.toml and in the options of the API. */
import { BusError } from "#wire";

const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KiB", 1024],
  ["MiB", 1024 * 1024],
  ["GiB", 1024 * 1024 * 1024],
]);

/** Largest delay of a timer of Node, ms (about 24.8 days). */
export const DURATION_MS_MAX: number = 2 ** 31 - 1;

const read = (text: string, units: ReadonlyMap<string, number>): number | undefined => {
  const match = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]+)$/.exec(text.trim());
  const unit = match === null ? undefined : units.get(match[2]);
  return unit === undefined ? undefined : Math.round(Number(match![1]) * unit);
};

/** @returns ms, or undefined when the text is not a number with ms, s, m or h, or is beyond DURATION_MS_MAX */
export const readDuration = (text: string): number | undefined => {
  const ms = read(text, DURATION_UNITS);
  return ms === undefined || ms > DURATION_MS_MAX ? undefined : ms;
};

/** @returns bytes, or undefined when the text is not a number with B, KiB, MiB or GiB */
export const readSize = (text: string): number | undefined => read(text, SIZE_UNITS);

/** Largest simulated time in the file, ns: what a number holds exactly, about 104 days. */
export const SPAN_NS_MAX: number = Number.MAX_SAFE_INTEGER;

const SPAN_UNITS: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1000],
  ["ms", 1_000_000],
  ["s", 1_000_000_000],
  ["m", 60_000_000_000],
  ["h", 3_600_000_000_000],
]);

/** @returns ns, or undefined when the text is not a number with ns, us, ms, s, m or h, or is beyond SPAN_NS_MAX */
export const readSpan = (text: string): number | undefined => {
  const ns = read(text, SPAN_UNITS);
  return ns === undefined || ns > SPAN_NS_MAX ? undefined : ns;
};

/** "200ms..10s". @returns [from, to] in ms, or undefined when it is no such range or runs backwards */
export const readDurationRange = (text: string): readonly [number, number] | undefined => {
  const ends = text.split("..");
  if (ends.length !== 2) return undefined;
  const from = readDuration(ends[0]);
  const to = readDuration(ends[1]);
  return from === undefined || to === undefined || from > to ? undefined : [from, to];
};

/**
 * @param value "500ms", "5s", "2m", "1h", or a number of milliseconds
 * @returns ms
 * @throws BusError core/bad-duration
 */
export function parseDuration(value: string | number): number {
  const ms = typeof value === "number" ? value : readDuration(value);
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > DURATION_MS_MAX) {
    throw new BusError("core/bad-duration", { details: { value } });
  }
  return ms;
}

/**
 * @param value "512B", "64KiB", "4MiB", "1GiB", or a number of bytes
 * @returns bytes
 * @throws BusError core/bad-size
 */
export function parseSize(value: string | number): number {
  const bytes = typeof value === "number" ? value : readSize(value);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new BusError("core/bad-size", { details: { value } });
  }
  return bytes;
}

const largestWhole = (value: number, units: ReadonlyMap<string, number>): string => {
  let text = "";
  for (const [name, size] of units) if (text === "" || value % size === 0) text = `${value / size}${name}`;
  return text;
};

/** Shortest exact text of a number of ms: 60000 -> "1m", 1500 -> "1500ms". */
export const formatDuration = (ms: number): string => (ms === 0 ? "0ms" : largestWhole(ms, DURATION_UNITS));

/** Shortest exact text of a number of ns: 20000000 -> "20ms". */
export const formatSpan = (ns: number): string => (ns === 0 ? "0ns" : largestWhole(ns, SPAN_UNITS));

/** Shortest exact text of a number of bytes: 4194304 -> "4MiB", 1500 -> "1500B". */
export const formatSize = (bytes: number): string => (bytes === 0 ? "0B" : largestWhole(bytes, SIZE_UNITS));
