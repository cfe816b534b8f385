/**
 * Our codec against the official Builder and reader, the same values on both sides, rounds of both in turn.
 * Run: node dist/bus/schema/codec.bench.js. Prints medians in nanoseconds; takes some seconds.
 */
import { Builder, ByteBuffer, Encoding } from "flatbuffers";
import { Memory } from "#wire";
import { Order, Six } from "./gen/testdata/generated/bench.ts";

const ROUNDS = 9;
const CALLS = 60_000;
const COUNT = 64;

const orders = Array.from({ length: COUNT }, (_, i) => ({
  id: 12345678901234n + BigInt(i),
  seq: i,
  ts: 1700000000123.5 + i,
  symbol: `SYM${i}X`,
  price: 1 + i / 64,
  qty: 1000 + i,
  side: 1 + (i & 1),
  flags: 513,
  user: `trader-${1000 + i}@example.org`,
  tags: ["fast", "hi"],
  levels: new Float64Array([0.25, 0.5, 0.75, i]),
}));

function time(work: (i: number) => number): number {
  const start = process.hrtime.bigint();
  let sum = 0;
  for (let i = 0; i < CALLS; i++) sum += work(i);
  if (Number.isNaN(sum)) throw new Error("a codec gave no number");
  return Number(process.hrtime.bigint() - start) / CALLS;
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1];

function compare(name: string, ours: (i: number) => number, theirs: (i: number) => number): void {
  const mine: number[] = [];
  const stock: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const [a, b] = [time(ours), time(theirs)];
    if (round < 0) continue;
    mine.push(a);
    stock.push(b);
  }
  const ratio = median(stock) / median(mine);
  process.stdout.write(
    `${name}: ${median(mine).toFixed(1)} ns, official ${median(stock).toFixed(1)} ns, ratio ${ratio.toFixed(1)}\n`,
  );
}

const builder = new Builder(1024);
function buildOrder(order: (typeof orders)[number]): Builder {
  builder.clear();
  const symbol = builder.createString(order.symbol);
  const user = builder.createString(order.user);
  const texts = order.tags.map((tag) => builder.createString(tag));
  builder.startVector(4, texts.length, 4);
  for (let i = texts.length - 1; i >= 0; i--) builder.addOffset(texts[i]);
  const tags = builder.endVector();
  builder.startVector(8, order.levels.length, 8);
  for (let i = order.levels.length - 1; i >= 0; i--) builder.addFloat64(order.levels[i]);
  const levels = builder.endVector();
  builder.startObject(11);
  builder.addFieldInt64(0, order.id, 0n);
  builder.addFieldInt32(1, order.seq, 0);
  builder.addFieldFloat64(2, order.ts, 0);
  builder.addFieldOffset(3, symbol, 0);
  builder.addFieldFloat64(4, order.price, 0);
  builder.addFieldInt32(5, order.qty, 0);
  builder.addFieldInt8(6, order.side, 0);
  builder.addFieldInt16(7, order.flags, 0);
  builder.addFieldOffset(8, user, 0);
  builder.addFieldOffset(9, tags, 0);
  builder.addFieldOffset(10, levels, 0);
  builder.finish(builder.endObject());
  return builder;
}

/** What the official bindings do for each getter. */
class StockOrder {
  readonly #bb: ByteBuffer;
  readonly #pos: number;
  constructor(bb: ByteBuffer) {
    this.#bb = bb;
    this.#pos = bb.readInt32(bb.position()) + bb.position();
  }
  at(slot: number): number {
    const offset = this.#bb.__offset(this.#pos, slot);
    return offset === 0 ? 0 : this.#pos + offset;
  }
  text(slot: number): string {
    return this.#bb.__string(this.at(slot)) as string;
  }
  list<T>(slot: number, bytes: number, read: (at: number) => T): T[] {
    const at = this.at(slot);
    const n = this.#bb.__vector_len(at);
    const start = this.#bb.__vector(at);
    return Array.from({ length: n }, (_, i) => read(start + bytes * i));
  }
  all(): Record<string, unknown> {
    const bb = this.#bb;
    return {
      id: bb.readUint64(this.at(4)),
      seq: bb.readUint32(this.at(6)),
      ts: bb.readFloat64(this.at(8)),
      symbol: this.text(10),
      price: bb.readFloat64(this.at(12)),
      qty: bb.readUint32(this.at(14)),
      side: bb.readUint8(this.at(16)),
      flags: bb.readUint16(this.at(18)),
      user: this.text(20),
      tags: this.list(22, 4, (at) => bb.__string(at, Encoding.UTF16_STRING)),
      levels: this.list(24, 8, (at) => bb.readFloat64(at)),
    };
  }
}

const memory = Memory.allocate(1 << 16);
const SPACING = 512;
const payloads = orders.map((order, i) => {
  const end = Order.encode(memory, i * SPACING, (i + 1) * SPACING, order);
  return { offset: i * SPACING, end, bytes: new ByteBuffer(memory.u8.slice(i * SPACING, end)) };
});
const scratch = Memory.allocate(4096);

compare(
  "encode 11 fields",
  (i) => Order.encode(scratch, 0, 4096, orders[i & 63]),
  (i) => buildOrder(orders[i & 63]).asUint8Array().length,
);
compare(
  "encode 6 scalars",
  (i) => Six.encode(scratch, 0, 4096, orders[i & 63]),
  (i) => {
    const six = orders[i & 63];
    builder.clear();
    builder.startObject(6);
    builder.addFieldInt32(0, six.seq, 0);
    builder.addFieldFloat64(1, six.ts, 0);
    builder.addFieldFloat64(2, six.price, 0);
    builder.addFieldInt32(3, six.qty, 0);
    builder.addFieldInt8(4, six.side, 0);
    builder.addFieldInt16(5, six.flags, 0);
    builder.finish(builder.endObject());
    return builder.offset();
  },
);
compare(
  "decode 11 fields",
  (i) => Order.decode(memory, payloads[i & 63].offset).qty,
  (i) => new StockOrder(payloads[i & 63].bytes).all().qty as number,
);
const view = Order.view(memory);
compare(
  "view of one scalar",
  (i) => view.at(payloads[i & 63].offset).price,
  (i) => {
    const { bytes } = payloads[i & 63];
    return bytes.readFloat64(new StockOrder(bytes).at(12));
  },
);
compare(
  "verify, against decoding it all officially",
  (i) => (Order.verify(memory, payloads[i & 63].offset, payloads[i & 63].end) ? 1 : Number.NaN),
  (i) => new StockOrder(payloads[i & 63].bytes).all().qty as number,
);
compare(
  "complete, nothing left out, against a copy",
  (i) => Order.complete(orders[i & 63]).qty,
  (i) => ({ ...orders[i & 63] }).qty,
);
