import { BusError } from "#bus";
import { unreadable } from "./bytes.ts";
import { crc32 } from "./crc.ts";
import type { ChunkHead } from "./records.ts";
import { unzstd } from "./zstd.ts";

/** What a chunk may take in memory. The writer's have 128 KiB. */
export const CHUNK_BYTES_MAX: number = 64 * 1024 * 1024;

/** @throws BusError blackbox/too-large, before anything is allocated */
export function boundChunk(file: string, offset: number, bytes: number): void {
  if (bytes <= CHUNK_BYTES_MAX) return;
  const what = `the chunk at byte ${offset} of ${file}`;
  const cure = "write smaller chunks, or read the file with another program";
  throw new BusError("blackbox/too-large", { details: { what, bytes, limit: CHUNK_BYTES_MAX, cure } });
}

/**
 * The records of a chunk, in place where they are not compressed.
 * @throws BusError blackbox/too-large, blackbox/unknown-compression, blackbox/unreadable (damage of any kind)
 */
export function chunkRecords(file: string, offset: number, head: ChunkHead, stored: Uint8Array): Uint8Array {
  boundChunk(file, offset, head.uncompressed);
  let records: Uint8Array;
  if (head.compression === "") {
    if (stored.length !== head.uncompressed)
      throw unreadable(file, offset, `a chunk of ${stored.length} bytes says that it has ${head.uncompressed}`);
    records = stored;
  } else if (head.compression === "zstd") {
    try {
      records = unzstd(stored, head.uncompressed);
    } catch (cause) {
      throw unreadable(file, offset, `a chunk cannot be decompressed: ${(cause as Error).message}`);
    }
  } else {
    const { compression } = head;
    throw new BusError("blackbox/unknown-compression", { details: { file, offset, compression } });
  }
  if (head.crc !== 0 && crc32(records) !== head.crc) throw unreadable(file, offset, "a chunk does not fit its CRC");
  return records;
}
