import { Bytes } from "./bytes.ts";
import { crc32 } from "./crc.ts";
import { Op } from "./records.ts";
import type { Source } from "./source.ts";
import { addChannel, addSchema, type Summary } from "./summary.ts";

export const JOURNAL_MAGIC = "BBJRNL1\n";
const HEAD_BYTES = 24;
/** A journal holds one chunk. */
const JOURNAL_BYTES_MAX = 256 * 1024 * 1024;

/** What was received after the last chunk was written. */
export interface Journal {
  /** Where the chunk, with new schemas and channels before it, would have begun in the file. */
  readonly chunkStart: number;
  /** Recorder's count of its first message. */
  readonly first: bigint;
  /** Message records, one behind the other. */
  readonly records: Uint8Array;
  readonly messages: number;
  /** Why it was not read to its end; undefined: it was. */
  readonly fault: string | undefined;
}

/**
 * Reads a journal up to its first short or bad entry. Schemas and channels that are new go into `into`.
 * @returns undefined when it is empty or has no head: then nothing was received
 */
export async function readJournal(source: Source, into: Summary): Promise<Journal | undefined> {
  const size = Math.min(await source.size(), JOURNAL_BYTES_MAX);
  if (size < HEAD_BYTES) return undefined;
  const bytes = new Bytes(source.name, 0, await source.read(0, size));
  if (Buffer.from(bytes.bytes(8, "the journal's head")).toString("latin1") !== JOURNAL_MAGIC)
    throw bytes.fail("it does not begin as a journal does");
  const chunkStart = bytes.size("the chunk's place");
  const first = bytes.u64("the first count");
  const parts: Uint8Array[] = [];
  let fault: string | undefined;
  while (bytes.left > 0 && fault === undefined) {
    const at = bytes.at;
    try {
      const length = bytes.u32("an entry's length");
      const crc = bytes.u32("an entry's CRC");
      const entry = bytes.bytes(length, "an entry");
      if (crc32(entry) !== crc) throw bytes.fail("an entry does not fit its CRC");
      parts.push(takeEntry(new Bytes(source.name, at + 8, entry), into));
    } catch (error) {
      fault = `${(error as Error).message}`;
    }
  }
  return { chunkStart, first, records: Buffer.concat(parts), messages: parts.length, fault };
}

/** @returns the message record of an entry */
function takeEntry(entry: Bytes, into: Summary): Uint8Array {
  while (entry.left > 0) {
    const from = entry.at;
    const op = entry.u8("an opcode");
    const content = entry.bytes(entry.size("a record's length"), "a record");
    if (op === Op.message) {
      if (entry.left > 0) throw entry.fail("something stands behind the message of an entry");
      return entry.data.subarray(from);
    }
    const record = new Bytes(entry.file, entry.base + from, content);
    if (op === Op.schema) addSchema(into.schemas, record);
    else if (op === Op.channel) addChannel(into.channels, record);
    else throw record.fail(`an entry holds a record of opcode ${op}`);
  }
  throw entry.fail("an entry holds no message");
}
