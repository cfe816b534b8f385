/** Messages that say of themselves who sent them, which one each is, and whether it arrived whole. */
import { Blob, type BlobInit, Order, type OrderInit } from "#generated/busbar/testing";

export { Blob, Order };

const WORDS_MAX = 4096;
const HEAD_WORDS = 2;
const NAMES = ["DE0007236101", "Grüße ✓", "", "a", "münze", "x".repeat(33)];

const mix = (a: number, b: number): number => {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
};

export const isOrder = (epoch: number, seq: number): boolean => (mix(epoch, seq) & 3) === 0;

/** Mostly some hundred bytes, one in 64 up to 16 KiB. */
const wordsOf = (epoch: number, seq: number): number => {
  const h = mix(seq, epoch);
  return HEAD_WORDS + ((h & 63) === 0 ? (h >>> 6) % (WORDS_MAX - HEAD_WORDS) : (h >>> 6) % 400);
};

const scratch = new Int32Array(WORDS_MAX);
const scratchBytes = new Uint8Array(scratch.buffer);

const fill = (epoch: number, seq: number): number => {
  const words = wordsOf(epoch, seq);
  scratch[0] = epoch;
  scratch[1] = seq;
  let h = mix(epoch, seq) | 1;
  for (let i = HEAD_WORDS; i < words; i++) {
    h ^= h << 13;
    h ^= h >>> 17;
    h ^= h << 5;
    scratch[i] = h;
  }
  return words * 4;
};

/** Valid until the next call. */
export const blobOf = (epoch: number, seq: number): BlobInit => ({
  seq,
  data: scratchBytes.subarray(0, fill(epoch, seq)),
});

export const orderOf = (epoch: number, seq: number): OrderInit & { levels: { price: number; quantity: number }[] } => {
  const h = mix(epoch, seq);
  return {
    id: BigInt(epoch),
    seq,
    symbol: NAMES[h % NAMES.length],
    user: `user ${seq}`,
    venue: NAMES[(h >>> 8) % NAMES.length],
    note: "n".repeat((h >>> 4) % 300),
    price: seq * 0.25,
    quantity: h / 7,
    side: h & 255,
    flags: h,
    levels: Array.from({ length: (h >>> 16) & 7 }, (_, i) => ({ price: seq + i, quantity: h % (i + 1) })),
  };
};

const isSameBlob = (epoch: number, seq: number, data: Uint8Array): boolean => {
  const bytes = fill(epoch, seq);
  if (data.length !== bytes) return false;
  for (let i = 0; i < bytes; i++) if (data[i] !== scratchBytes[i]) return false;
  return true;
};

const isSameOrder = (epoch: number, order: Readonly<Order>): boolean => {
  const want = orderOf(epoch, order.seq);
  return (
    order.symbol === want.symbol &&
    order.user === want.user &&
    order.venue === want.venue &&
    order.note === want.note &&
    order.price === want.price &&
    order.quantity === want.quantity &&
    order.side === want.side &&
    order.flags === want.flags &&
    order.levels.length === want.levels.length &&
    want.levels.every(
      (level, i) => order.levels[i].price === level.price && order.levels[i].quantity === level.quantity,
    )
  );
};

/** One sender's messages in one life of the link: whole, in order, none twice, none left out. */
export class Follower {
  readonly #faulty: (text: string) => void;
  readonly #name: string;
  epoch = -1;
  /** Number of the last message; 0 before the first. */
  last = 0;
  count = 0;

  /** @param faulty called for each fault */
  constructor(name: string, faulty: (text: string) => void) {
    this.#name = name;
    this.#faulty = faulty;
  }

  blob(seq: number, data: Uint8Array): void {
    const words = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (data.length < 8) {
      this.#faulty(`${this.#name}: a Blob of ${data.length} bytes`);
      return;
    }
    const epoch = words.getInt32(0, true);
    this.#arrived(epoch, seq, false);
    if (!isSameBlob(epoch, seq, data)) this.#faulty(`${this.#name}: Blob ${seq} of epoch ${epoch} is torn`);
  }

  order(order: Readonly<Order>): void {
    const epoch = Number(order.id);
    this.#arrived(epoch, order.seq, true);
    if (!isSameOrder(epoch, order)) this.#faulty(`${this.#name}: Order ${order.seq} of epoch ${epoch} is torn`);
  }

  /** A new link has opened: numbers may have gone on meanwhile. */
  restart(): void {
    this.last = 0;
  }

  #arrived(epoch: number, seq: number, order: boolean): void {
    if (epoch < this.epoch) this.#faulty(`${this.#name}: a message of epoch ${epoch} after one of ${this.epoch}`);
    if (epoch > this.epoch) {
      this.epoch = epoch;
      this.last = 0;
      this.count = 0;
    }
    if (isOrder(epoch, seq) !== order) this.#faulty(`${this.#name}: ${seq} of epoch ${epoch} has the wrong type`);
    if (this.last !== 0 && seq !== this.last + 1) {
      this.#faulty(`${this.#name}: ${seq} of epoch ${epoch} came after ${this.last}`);
    }
    this.last = seq;
    this.count++;
  }
}
