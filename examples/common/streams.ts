/**
 * Named random streams, the twin of native/core/random: the same seed, name and index give the same numbers everywhere.
 * Sources: splitmix64 (Steele, Lea, Flood 2014), xoshiro256** 1.0 (Blackman, Vigna 2018), bounded draw (Lemire 2019).
 */
const MASK = (1n << 64n) - 1n;
const GOLDEN = 0x9e3779b97f4a7c15n;

function mix(value: bigint): bigint {
  let z = value & MASK;
  z ^= z >> 30n;
  z = (z * 0xbf58476d1ce4e5b9n) & MASK;
  z ^= z >> 27n;
  z = (z * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return hash;
}

/** Seed of the stream `name`, number `index`, of a run. */
export const derive = (seed: bigint, name: string, index: number): bigint =>
  mix(mix(mix(seed + GOLDEN) ^ fnv1a64(name)) + BigInt(index + 1) * GOLDEN);

const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

/** xoshiro256**. */
export class Stream {
  #a: bigint;
  #b: bigint;
  #c: bigint;
  #d: bigint;

  /** @param state four words of 64 bits, not all zero */
  constructor(state: readonly [bigint, bigint, bigint, bigint]) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  static of(seed: bigint, name: string, index: number): Stream {
    let at = derive(seed, name, index);
    const word = (): bigint => mix((at = (at + GOLDEN) & MASK));
    return new Stream([word(), word(), word(), word()]);
  }

  next(): bigint {
    const result = (rotate((this.#b * 5n) & MASK, 7n) * 9n) & MASK;
    const shifted = (this.#b << 17n) & MASK;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 45n);
    return result;
  }

  /** 0 <= x < n, without bias. @param n from 1 */
  below(n: number): number {
    const count = BigInt(n);
    let product = this.next() * count;
    const rest = ((1n << 64n) - count) % count;
    while ((product & MASK) < rest) product = this.next() * count;
    return Number(product >> 64n);
  }

  /** 0 <= x < 1. */
  real(): number {
    return Number(this.next() >> 11n) / 2 ** 53;
  }

  /** Whether something with this share happens. */
  chance(share: number): boolean {
    return this.real() < share;
  }

  /** From `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  pick<T>(of: readonly T[]): T {
    const found = of[this.below(of.length)];
    if (found === undefined) throw new RangeError("nothing to pick from");
    return found;
  }
}
