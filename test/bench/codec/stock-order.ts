/** `busbar.testing.Order` as flatc's TypeScript writes and reads it: the stock runtime, its Builder and accessors. */
import { Builder, type ByteBuffer } from "flatbuffers";
import type { Order } from "#generated/busbar/testing";

const FIELDS = 11;

const buildLevel = (builder: Builder, { price, quantity }: Order["levels"][number]): number => {
  builder.startObject(2);
  builder.addFieldFloat64(0, price, 0);
  builder.addFieldFloat64(1, quantity, 0);
  return builder.endObject();
};

/** @returns the finished bytes, valid until the builder's next use */
export const buildOrder = (builder: Builder, order: Order): Uint8Array => {
  builder.clear();
  const symbol = builder.createString(order.symbol);
  const user = builder.createString(order.user);
  const venue = builder.createString(order.venue);
  const note = builder.createString(order.note);
  const offsets = order.levels.map((level) => buildLevel(builder, level));
  builder.startVector(4, offsets.length, 4);
  for (let i = offsets.length - 1; i >= 0; i--) builder.addOffset(offsets[i]);
  const levels = builder.endVector();
  builder.startObject(FIELDS);
  builder.addFieldInt64(0, order.id, 0n);
  builder.addFieldInt32(1, order.seq, 0);
  builder.addFieldOffset(2, symbol, 0);
  builder.addFieldOffset(3, user, 0);
  builder.addFieldOffset(4, venue, 0);
  builder.addFieldOffset(5, note, 0);
  builder.addFieldFloat64(6, order.price, 0);
  builder.addFieldFloat64(7, order.quantity, 0);
  builder.addFieldInt8(8, order.side, 0);
  builder.addFieldInt32(9, order.flags, 0);
  builder.addFieldOffset(10, levels, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
};

class Table {
  protected bb!: ByteBuffer;
  protected pos = 0;

  init(pos: number, bb: ByteBuffer): this {
    this.pos = pos;
    this.bb = bb;
    return this;
  }

  protected f64(slot: number): number {
    const offset = this.bb.__offset(this.pos, slot);
    return offset ? this.bb.readFloat64(this.pos + offset) : 0;
  }
}

class StockLevel extends Table {
  price(): number {
    return this.f64(4);
  }
  quantity(): number {
    return this.f64(6);
  }
}

export class StockOrder extends Table {
  /** Reads the root of `bb` at its position. */
  root(bb: ByteBuffer): this {
    return this.init(bb.readInt32(bb.position()) + bb.position(), bb);
  }

  id(): bigint {
    const offset = this.bb.__offset(this.pos, 4);
    return offset ? this.bb.readUint64(this.pos + offset) : 0n;
  }
  seq(): number {
    return this.#u32(6);
  }
  text(slot: number): string {
    const offset = this.bb.__offset(this.pos, slot);
    return offset ? (this.bb.__string(this.pos + offset) as string) : "";
  }
  price(): number {
    return this.f64(16);
  }
  quantity(): number {
    return this.f64(18);
  }
  side(): number {
    const offset = this.bb.__offset(this.pos, 20);
    return offset ? this.bb.readUint8(this.pos + offset) : 0;
  }
  flags(): number {
    return this.#u32(22);
  }
  levels(): Order["levels"] {
    const offset = this.bb.__offset(this.pos, 24);
    const length = offset ? this.bb.__vector_len(this.pos + offset) : 0;
    const start = offset ? this.bb.__vector(this.pos + offset) : 0;
    return Array.from({ length }, (_, i) => {
      const level = new StockLevel().init(this.bb.__indirect(start + i * 4), this.bb);
      return { price: level.price(), quantity: level.quantity() };
    });
  }

  /** All fields, as the object that flatc's `unpack` makes. */
  unpack(): Order {
    return {
      id: this.id(),
      seq: this.seq(),
      symbol: this.text(8),
      user: this.text(10),
      venue: this.text(12),
      note: this.text(14),
      price: this.price(),
      quantity: this.quantity(),
      side: this.side(),
      flags: this.flags(),
      levels: this.levels(),
    };
  }

  #u32(slot: number): number {
    const offset = this.bb.__offset(this.pos, slot);
    return offset ? this.bb.readUint32(this.pos + offset) : 0;
  }
}

export const newBuilder = (): Builder => new Builder(1024);
