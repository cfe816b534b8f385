import type { Memory } from "#wire";

type TypedArray = { readonly length: number; readonly BYTES_PER_ELEMENT: number };

/** Thrown by a guarded memory; never an error that code under test would throw itself. */
export class OutOfRange extends Error {}

/**
 * The same memory, whose views throw when an element outside the bytes [from, to) is read. Slow: for tests that show what a
 * reader touches.
 * @param count gains one for each element that is read
 */
export function guardedMemory(
  memory: Memory,
  from: number,
  to: number,
  count: { reads: number } = { reads: 0 },
): Memory {
  const guard = <T extends TypedArray & object>(view: T): T =>
    new Proxy(view, {
      get(target, key) {
        if (typeof key === "string" && /^-?\d/.test(key)) {
          count.reads++;
          const at = Number(key) * target.BYTES_PER_ELEMENT;
          if (!(at >= from && at + target.BYTES_PER_ELEMENT <= to))
            throw new OutOfRange(`byte ${at} of [${from}, ${to})`);
        } else if (key === "undefined" || key === "NaN") throw new OutOfRange(`index ${key}`);
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const views = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "f64", "i64", "u64"] as const;
  const guarded = Object.create(memory) as Memory;
  for (const name of views) Object.defineProperty(guarded, name, { value: guard(memory[name]) });
  return guarded;
}
