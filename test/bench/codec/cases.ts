/** What a process of the codec suite does, again and again: one codec, one operation. Returns something read from the result. */
import { ByteBuffer } from "flatbuffers";
import { Packr } from "msgpackr";
import { Order } from "#generated/busbar/testing";
import { Memory } from "#wire";
import { orders, plainOrders, SAMPLES, TEN_TABLES } from "./samples.ts";
import { buildOrder, newBuilder, StockOrder } from "./stock-order.ts";

export type Operation = (i: number) => number;
/** Ready to run: everything that is not to be measured has been done. */
export type Case = () => Operation;

/** Levels of the eleven-field order: present and empty, so that strings and scalars are what is measured. */
const LEVELS = 0;
const MASK = SAMPLES - 1;
const SLOT = 1024;

/** Every sample at its own multiple of 1 KiB in one memory, as in a ring. @returns the offset after each */
const encoded = (levels: number): { memory: Memory; ends: number[] } => {
  const memory = Memory.allocate(SLOT * SAMPLES);
  const ends = orders(levels).map((order, i) => Order.encode(memory, i * SLOT, (i + 1) * SLOT, order));
  return { memory, ends };
};

/** The same messages as the stock Builder lays them out, each at a multiple of 1 KiB. */
const stock = (levels: number): { memory: Memory; ends: number[] } => {
  const memory = Memory.allocate(SLOT * SAMPLES);
  const builder = newBuilder();
  const ends = orders(levels).map((order, i) => {
    const bytes = buildOrder(builder, order);
    memory.u8.set(bytes, i * SLOT);
    return i * SLOT + bytes.length;
  });
  return { memory, ends };
};

const RECORD = ["id", "seq", "symbol", "user", "venue", "note", "price", "quantity", "side", "flags", "levels"];
const packrOf = (): Packr => new Packr({ structures: [[...RECORD]] as never });

const touch = (order: Omit<Order, "id">): number =>
  order.seq + (order.symbol?.length ?? 0) + (order.note?.length ?? 0) + order.price + order.flags;

const verifyAll = ({ memory, ends }: { memory: Memory; ends: number[] }): Operation => {
  for (let i = 0; i < SAMPLES; i++) if (!Order.verify(memory, i * SLOT, ends[i])) throw new Error("not sound");
  return (i) => (Order.verify(memory, (i & MASK) * SLOT, ends[i & MASK]) ? 1 : Number.NaN);
};

export const CASES: Record<string, Case> = {
  "busbar/encode11": () => {
    const values = orders(LEVELS);
    const memory = Memory.allocate(SLOT * SAMPLES);
    return (i) => Order.encode(memory, (i & MASK) * SLOT, ((i & MASK) + 1) * SLOT, values[i & MASK]);
  },
  "flatbuffers/encode11": () => {
    const values = orders(LEVELS);
    const builder = newBuilder();
    return (i) => buildOrder(builder, values[i & MASK]).length;
  },
  "msgpackr/encode11": () => {
    const values = plainOrders(LEVELS);
    const packr = packrOf();
    return (i) => packr.pack(values[i & MASK]).length;
  },
  "json/encode11": () => {
    const values = plainOrders(LEVELS);
    return (i) => Buffer.from(JSON.stringify(values[i & MASK])).length;
  },

  "busbar/decode11": () => {
    const { memory } = encoded(LEVELS);
    return (i) => touch(Order.decode(memory, (i & MASK) * SLOT));
  },
  "flatbuffers/decode11": () => {
    const bytes = new ByteBuffer(stock(LEVELS).memory.u8);
    const reader = new StockOrder();
    return (i) => {
      bytes.setPosition((i & MASK) * SLOT);
      return touch(reader.root(bytes).unpack());
    };
  },
  "msgpackr/decode11": () => {
    const packr = packrOf();
    const messages = plainOrders(LEVELS).map((value) => packr.pack(value));
    return (i) => touch(packr.unpack(messages[i & MASK]));
  },
  "json/decode11": () => {
    const messages = plainOrders(LEVELS).map((value) => Buffer.from(JSON.stringify(value)));
    return (i) => touch(JSON.parse(messages[i & MASK].toString()));
  },

  "busbar/view1": () => {
    const { memory } = encoded(LEVELS);
    const view = Order.view(memory);
    return (i) => view.at((i & MASK) * SLOT).price;
  },
  "flatbuffers/view1": () => {
    const bytes = new ByteBuffer(stock(LEVELS).memory.u8);
    const reader = new StockOrder();
    return (i) => {
      bytes.setPosition((i & MASK) * SLOT);
      return reader.root(bytes).price();
    };
  },

  "busbar/verify480": () => verifyAll(encoded(TEN_TABLES)),
  "busbar/verify480_foreign": () => verifyAll(stock(TEN_TABLES)),
};

/** Bytes of the messages that `verify480` looks at: as ours and as the stock Builder lays them out. */
export const verifiedBytes = (): { own: number; foreign: number } => ({
  own: encoded(TEN_TABLES).ends[0],
  foreign: stock(TEN_TABLES).ends[0],
});

/** What `encode11` makes, and what the stock Builder makes, read back by both readers: all must agree. */
export const readBack = (levels: number): { ours: Order[]; byStock: Order[]; stockByOurs: Order[] } => {
  const { memory } = encoded(levels);
  const theirs = stock(levels).memory;
  const bytes = new ByteBuffer(memory.u8);
  const each = <T>(read: (at: number) => T): T[] => Array.from({ length: SAMPLES }, (_, i) => read(i * SLOT));
  return {
    ours: each((at) => Order.decode(memory, at)),
    byStock: each((at) => {
      bytes.setPosition(at);
      return new StockOrder().root(bytes).unpack();
    }),
    stockByOurs: each((at) => Order.decode(theirs, at)),
  };
};
