/**
 * 64-bit numbers as two of 32 bits: a bigint a number is what going through millions of messages would cost most.
 */
export const halves = (value: bigint): [high: number, low: number] => [
  Number((value >> 32n) & 0xffff_ffffn),
  Number(value & 0xffff_ffffn),
];
export const whole = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/** The smallest and the largest of the numbers it was shown. */
export class Range {
  #firstHigh: number;
  #firstLow: number;
  #lastHigh: number;
  #lastLow: number;

  constructor(high: number, low: number) {
    this.#firstHigh = this.#lastHigh = high;
    this.#firstLow = this.#lastLow = low;
  }

  add(high: number, low: number): void {
    if (high > this.#lastHigh || (high === this.#lastHigh && low > this.#lastLow)) {
      this.#lastHigh = high;
      this.#lastLow = low;
    } else if (high < this.#firstHigh || (high === this.#firstHigh && low < this.#firstLow)) {
      this.#firstHigh = high;
      this.#firstLow = low;
    }
  }

  get first(): bigint {
    return whole(this.#firstHigh, this.#firstLow);
  }
  get last(): bigint {
    return whole(this.#lastHigh, this.#lastLow);
  }
}
