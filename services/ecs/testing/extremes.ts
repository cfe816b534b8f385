/** Every kind of field, and rows with the values at their ends. */
import type { EntityInput } from "../index.ts";

export const EXTREMES = {
  Numbers: {
    i8: "i8",
    i16: "i16",
    i32: "i32",
    u8: "u8",
    u16: "u16",
    u32: "u32",
    f32: "f32",
    f64: "f64",
  },
  Ids: { i64: "i64", u64: "u64", entity: "entity", other: "u64?" },
  Rest: {
    text: "utf8",
    flag: "bool",
    vector: "f32x3",
    maybe: "utf8?",
    perhaps: "bool?",
    pair: "f32x2?",
    small: "i16?",
  },
  Tag: {},
} as const;

const fround = Math.fround;
const TEXTS = ["", "red", "grün", "日本", "🜁 𝄞", "red", "'; DROP TABLE meta; --"];

/** 24 rows: all three components, two, one, and the tag. */
export function extremeRows(): EntityInput<typeof EXTREMES>[] {
  return Array.from({ length: 24 }, (_, i): EntityInput<typeof EXTREMES> => {
    const low = i % 2 === 0;
    const rows: { -readonly [Name in keyof typeof EXTREMES]?: EntityInput<typeof EXTREMES>[Name] } = {};
    if (i % 6 !== 5)
      rows.Numbers = {
        i8: low ? -128 : 127,
        i16: low ? -32768 : 32767,
        i32: low ? -(2 ** 31) : 2 ** 31 - 1,
        u8: low ? 0 : 255,
        u16: low ? 0 : 65535,
        u32: low ? 0 : 2 ** 32 - 1,
        f32: [fround(0.1), -0, fround(3.4e38), 2 ** -149][i % 4]!,
        f64: [5e-324, -0, Number.MAX_VALUE, 0.1][i % 4]!,
      };
    if (i % 3 !== 1)
      rows.Ids = {
        i64: low ? -(2n ** 63n) : 2n ** 63n - 1n,
        u64: low ? 2n ** 53n + 1n : 2n ** 64n - 1n,
        entity: low ? 0n : 2n ** 63n,
        other: i % 4 === 0 ? null : BigInt(i),
      };
    if (i % 4 !== 3)
      rows.Rest = {
        text: TEXTS[i % TEXTS.length]!,
        flag: !low,
        vector: [i, -0, fround(0.1)],
        maybe: i % 5 === 0 ? null : TEXTS[(i * 3) % TEXTS.length]!,
        perhaps: [null, true, false][i % 3]!,
        pair: low ? null : [1, 2],
        small: i % 7 === 0 ? null : i - 12,
      };
    if (i % 5 === 4) rows.Tag = {};
    return rows;
  });
}
