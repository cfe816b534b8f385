/**
 * The kinds of values of a config. Texts give integers as bigint and everything else as number; callers may pass either.
 * Integers are never rounded: 1e6 is one, 1.5 is refused. NaN and infinity are refused.
 */
import { z } from "zod";

export const U64_MAX: bigint = 2n ** 64n - 1n;
/** Balances, limits and pools: far from overflow in sums over all banks. */
export const MONEY_MAX: bigint = 10n ** 14n;
/** One payment. */
export const AMOUNT_MAX: bigint = 10n ** 12n;
export const TICKS_MAX = 1_000_000;
export const ID_BYTES_MAX = 64;

const toBig = (value: unknown): unknown =>
  typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
const toSmall = (value: unknown): unknown =>
  typeof value === "bigint" && BigInt.asIntN(53, value) === value ? Number(value) : value;
const toReal = (value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);

/** An integer that may need 64 bits. */
export const big = (min: bigint, max: bigint): z.ZodType<bigint> =>
  z.preprocess(toBig, z.bigint().min(min).max(max)) as z.ZodType<bigint>;

/** Minor units. */
export const money = (min = 0n, max: bigint = MONEY_MAX): z.ZodType<bigint> => big(min, max);

/** Of one payment, in minor units. */
export const amount = (): z.ZodType<bigint> => big(1n, AMOUNT_MAX);

/** A count, tick or priority. */
export const int = (min: number, max: number): z.ZodType<number> =>
  z.preprocess(toSmall, z.number().int().min(min).max(max)) as z.ZodType<number>;

/** A binary64 number. */
export const real = (min: number, max: number): z.ZodType<number> =>
  z.preprocess(toReal, z.number().min(min).max(max)) as z.ZodType<number>;

/** A binary64 number above `min`. */
export const realAbove = (min: number, max: number): z.ZodType<number> =>
  z.preprocess(toReal, z.number().gt(min).max(max)) as z.ZodType<number>;

/**
 * A decimal number that the core takes as a whole number of 10^-digits, so that costs are exact products. More decimal
 * places are refused, not rounded.
 * @param max of the whole number
 * @returns the whole number; its name in the canonical config says the scale
 */
export const decimal = (digits: number, max: bigint): z.ZodType<bigint> =>
  z.preprocess(
    toReal,
    z
      .number()
      .min(0)
      .max(Number(max) / 10 ** digits)
      .refine((value) => scaled(value, digits) !== undefined, {
        error: ({ input }) => `is ${String(input)}; write at most ${digits} decimal places`,
      })
      .transform((value) => scaled(value, digits) ?? 0n),
  ) as z.ZodType<bigint>;

/** `value` * 10^digits from the shortest decimal text of `value`, or undefined when that is no whole number. */
export function scaled(value: number, digits: number): bigint | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const shift = digits + Number(exponent) - fraction.length;
  const all = BigInt(`${whole}${fraction}`);
  if (shift >= 0) return BigInt(`${sign}1`) * all * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return all % divisor === 0n ? BigInt(`${sign}1`) * (all / divisor) : undefined;
}

/** Share of one, in millionths. */
export const share = (): z.ZodType<bigint> => decimal(6, 1_000_000n);

/** Name of a bank. */
export const agentId = (): z.ZodType<string> =>
  z
    .string()
    .min(1)
    .refine((id) => Buffer.byteLength(id) <= ID_BYTES_MAX, {
      error: ({ input }) =>
        `has ${Buffer.byteLength(String(input))} bytes in UTF-8; a name has at most ${ID_BYTES_MAX}`,
    });
