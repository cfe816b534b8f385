/** What other writers put beside the messages, copied and checked in parts: an attachment is as large as it likes. */
import { unreadable } from "../file/bytes.ts";
import { crc32 } from "../file/crc.ts";
import { type AttachmentRecord, CRC_BYTES, RECORD_HEAD_BYTES } from "../file/records.ts";
import type { Source } from "../file/source.ts";

const PART_BYTES = 1024 * 1024;

/** Bytes [from, to) of a file, in parts. @throws BusError blackbox/unreadable when they are not all there */
export async function* partsOf(source: Source, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += PART_BYTES) yield await source.read(at, Math.min(PART_BYTES, to - at));
}

/** @returns true; @throws BusError blackbox/unreadable: it does not fit its CRC */
export async function checkAttachment(source: Source, { offset, crcAt, name }: AttachmentRecord): Promise<true> {
  const wanted = Buffer.from(await source.read(crcAt, CRC_BYTES)).readUInt32LE();
  if (wanted === 0) return true;
  let crc = 0;
  for await (const part of partsOf(source, offset + RECORD_HEAD_BYTES, crcAt)) crc = crc32(part, crc);
  if (crc !== wanted) throw unreadable(source.name, offset, `the attachment '${name}' does not fit its CRC`);
  return true;
}
