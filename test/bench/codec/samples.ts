/** The messages of the codec benches. */
import type { Order } from "#generated/busbar/testing";

/** A power of two, so that an index is a mask. */
export const SAMPLES = 64;

const levelsOf = (count: number, i: number): Order["levels"] =>
  Array.from({ length: count }, (_, j) => ({ price: 101.25 + i + j, quantity: 0.5 + j }));

/** Eleven fields, four of them strings; the eleventh is a vector of `levels` tables. */
export const orders = (levels: number): Required<Order>[] =>
  Array.from({ length: SAMPLES }, (_, i) => ({
    id: 12_345_678_901_234n + BigInt(i),
    seq: i,
    symbol: `SYM${i}X`,
    user: `trader-${1000 + i}`,
    venue: "XNAS",
    note: `left till ${i}:00`,
    price: 101.37 + i,
    quantity: 0.125 + i,
    side: 1 + (i & 1),
    flags: 513,
    levels: levelsOf(levels, i),
  }));

/** For codecs without 64-bit integers: the same with a number, which spares them work. */
export const plainOrders = (levels: number): (Omit<Order, "id"> & { id: number })[] =>
  orders(levels).map((order) => ({ ...order, id: Number(order.id) }));

/** Tables of a message of about 480 bytes: the order and nine levels. */
export const TEN_TABLES = 9;
