import { Bytes } from "./bytes.ts";
import type { Source } from "./source.ts";

export const TALLY_MAGIC = "BBTALLY1";
/** Types of a bus; their names go with them. */
const TALLY_BYTES_MAX = 64 * 1024 * 1024;

/** What an open file was given, its open chunk included: kept beside the file until it is closed, and right though the recorder was killed. */
export interface Tally {
  /** Messages by the full name of their type, of those that came. */
  readonly messages: ReadonlyMap<string, bigint>;
  /** The largest number of a publisher among them; 0 = no publisher counts. */
  readonly lastSequence: bigint;
  readonly sources: Sources;
}

/**
 * First and last of the numbers that the bus gave messages on their way from a publisher to the recorder, by the publisher's id and
 * life ("7/1700000000"). They go on when the recorder is started again, so what lies between two files never came.
 */
export type Sources = ReadonlyMap<string, { readonly first: bigint; readonly last: bigint }>;

/** Of a file that was closed. @param entries of its metadata record `busbar.sources` */
export function sourcesOf(entries: ReadonlyMap<string, string>): Sources {
  const sources = new Map<string, { first: bigint; last: bigint }>();
  for (const [source, text] of entries) {
    const [, first, last] = /^(\d{1,20}) (\d{1,20}) \d{1,20}$/.exec(text) ?? [];
    if (first !== undefined && last !== undefined) sources.set(source, { first: BigInt(first), last: BigInt(last) });
  }
  return sources;
}

/**
 * @returns undefined when it was not begun: then nothing was received
 * @throws BusError blackbox/unreadable
 * @source services/blackbox/native/blackbox/tally.h
 */
export async function readTally(source: Source): Promise<Tally | undefined> {
  const size = await source.size();
  if (size === 0) return undefined;
  const bytes = new Bytes(source.name, 0, await source.read(0, Math.min(size, TALLY_BYTES_MAX)));
  if (Buffer.from(bytes.bytes(8, "the tally's head")).toString("latin1") !== TALLY_MAGIC)
    throw bytes.fail("it does not begin as a tally does");
  const lastSequence = bytes.u64("the largest sequence");
  const types = bytes.size("the number of types");
  const places = bytes.size("the number of sources");
  const counts = new Bytes(source.name, bytes.at, bytes.bytes(8 * types, "the messages by type"));
  const sources = new Map<string, { first: bigint; last: bigint }>();
  for (let i = 0; i < places; i++) {
    const id = `${bytes.u32("a source")}/${bytes.u32("its life")}`;
    const [first, last] = [bytes.u64("a first number"), bytes.u64("a last number")];
    if (bytes.u64("the messages of a source") > 0n) sources.set(id, { first, last });
  }
  const names = Buffer.from(bytes.bytes(bytes.left, "the types' names")).toString().split("\n");
  if (names.length !== types + 1) throw bytes.fail(`it counts ${types} types and names ${names.length - 1}`);
  const messages = new Map<string, bigint>();
  for (const name of names.slice(0, -1)) {
    const count = counts.u64("the messages of a type");
    if (count > 0n) messages.set(name, count);
  }
  return { messages, lastSequence, sources };
}
