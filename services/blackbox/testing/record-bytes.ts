/** For tests: MCAP records to bytes, one function each, independent of readers and writers. @source the MCAP specification, version 0 */

export interface Schema {
  readonly id: number;
  readonly name: string;
  readonly encoding: string;
  readonly data: readonly number[];
}
export interface Channel {
  readonly id: number;
  readonly schema: number;
  readonly topic: string;
  readonly encoding: string;
  readonly metadata: Readonly<Record<string, string>>;
}
export interface Message {
  readonly channel: number;
  readonly sequence: number;
  readonly logTime: number;
  readonly publishTime: number;
  readonly data: readonly number[];
}
export interface Attachment {
  readonly name: string;
  readonly mediaType: string;
  readonly logTime: number;
  readonly createTime: number;
  readonly data: readonly number[];
}
export interface Metadata {
  readonly name: string;
  readonly entries: Readonly<Record<string, string>>;
}

type Part = readonly number[];

/** Little-endian, of so many bytes; numbers up to 2^53. */
const int = (bytes: number, value: number): Part =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
export const u8 = (value: number): Part => int(1, value);
export const u16 = (value: number): Part => int(2, value);
export const u32 = (value: number): Part => int(4, value);
export const u64 = (value: number): Part => int(8, value);
export const join = (...parts: readonly Part[]): Part => parts.flat();
/** With its length in bytes before it. */
export const sized = (bytes: Part): Part => [...u32(bytes.length), ...bytes];
export const text = (value: string): Part => sized([...Buffer.from(value)]);
export const texts = (values: Readonly<Record<string, string>>): Part =>
  sized(Object.entries(values).flatMap(([key, value]) => [...text(key), ...text(value)]));

export const MAGIC: Part = [0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a];

export const record = (opcode: number, ...parts: readonly Part[]): Part => {
  const content = join(...parts);
  return [...u8(opcode), ...u64(content.length), ...content];
};

export const message = (m: Message): Part =>
  record(5, u16(m.channel), u32(m.sequence), u64(m.logTime), u64(m.publishTime), m.data);
