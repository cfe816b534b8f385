import { Op, RECORD_HEAD_BYTES } from "./records.ts";

/** Of an index record, before its entries: channel and their bytes. */
const INDEX_HEAD_BYTES = 6;
const ENTRY_BYTES = 16;
const HEAD_BYTES = RECORD_HEAD_BYTES + INDEX_HEAD_BYTES;

/** Message indexes of the chunk that is being written, as bytes from the start. A recording has few channels and many messages. */
export class MessageIndexes {
  readonly #known = new Map<number, ChannelIndex>();
  /** Those of this chunk, in the order of their first message. */
  #used: ChannelIndex[] = [];
  #last: ChannelIndex | undefined;

  /** @param offset of the message's record in the chunk's records */
  add(channel: number, timeHigh: number, timeLow: number, offset: number): void {
    let index = this.#last;
    if (index?.channel !== channel) {
      index = this.#known.get(channel);
      if (index === undefined) this.#known.set(channel, (index = new ChannelIndex(channel)));
      this.#last = index;
    }
    if (index.count === 0) this.#used.push(index);
    index.add(timeHigh, timeLow, offset);
  }

  /** Their records, one a channel, valid until messages are added anew. */
  take(): { readonly channel: number; readonly messages: number; readonly record: Uint8Array }[] {
    const used = this.#used;
    this.#used = [];
    return used.map((index) => ({ channel: index.channel, messages: index.count, record: index.take() }));
  }
}

class ChannelIndex {
  readonly channel: number;
  #bytes = new Uint8Array(HEAD_BYTES + 64 * ENTRY_BYTES);
  #view = new DataView(this.#bytes.buffer);
  count = 0;

  constructor(channel: number) {
    this.channel = channel;
  }

  add(timeHigh: number, timeLow: number, offset: number): void {
    const at = HEAD_BYTES + ENTRY_BYTES * this.count++;
    if (at + ENTRY_BYTES > this.#bytes.length) this.#grow();
    const view = this.#view;
    view.setUint32(at, timeLow, true);
    view.setUint32(at + 4, timeHigh, true);
    // A chunk is no larger than memory allows, far below 2^32; the upper half stays 0.
    view.setUint32(at + 8, offset, true);
  }

  take(): Uint8Array {
    const view = this.#view;
    const end = HEAD_BYTES + ENTRY_BYTES * this.count;
    this.count = 0;
    view.setUint8(0, Op.messageIndex);
    view.setUint32(1, end - RECORD_HEAD_BYTES, true);
    view.setUint16(RECORD_HEAD_BYTES, this.channel, true);
    view.setUint32(RECORD_HEAD_BYTES + 2, end - HEAD_BYTES, true);
    return this.#bytes.subarray(0, end);
  }

  #grow(): void {
    const bytes = new Uint8Array(4 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
