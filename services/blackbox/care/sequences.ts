import { whole } from "../file/halves.ts";

/** Numbers that were seen, as runs: recordings count without holes, so millions of them are a handful of runs. */
export class Sequences {
  /** Ascending, none touches the next. */
  #runs: [from: bigint, to: bigint][] = [];
  /** Too scattered to be kept: nothing can be said of holes. */
  scattered = false;
  /** What was added since the runs were last put in order: runs of exact numbers, in the order they came. */
  #fresh: [from: number, to: number][] = [];
  #last: [from: number, to: number] | undefined;
  /** Numbers that no number holds exactly. */
  #large: [from: bigint, to: bigint][] = [];

  /** A number of 64 bits, as halves, in any order. */
  add(high: number, low: number): void {
    if (this.scattered) return;
    if (high >= EXACT_HIGH) {
      const number = whole(high, low);
      this.#large.push([number, number]);
      return;
    }
    const number = high * 2 ** 32 + low;
    const last = this.#last;
    // As a rule it is the next one.
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else if (last === undefined || number < last[0] || number > last[1])
      this.#fresh.push((this.#last = [number, number]));
  }

  /** Takes in what was added; to be called now and then, so that little waits. */
  settle(): void {
    if (this.#fresh.length === 0 && this.#large.length === 0) return;
    const fresh = joined(this.#fresh, 1).map(([from, to]): Run<bigint> => [BigInt(from), BigInt(to)]);
    this.#runs = joined([...this.#runs, ...fresh, ...this.#large], 1n);
    this.#fresh = [];
    this.#last = undefined;
    this.#large = [];
    this.scattered = this.#runs.length > RUNS_MAX;
  }

  /** What lies between the first and the last run and was not seen. */
  get holes(): [from: bigint, to: bigint][] {
    this.settle();
    return this.#runs.slice(1).map(([from], i) => [this.#runs[i]![1] + 1n, from - 1n]);
  }

  get first(): bigint | undefined {
    this.settle();
    return this.#runs[0]?.[0];
  }
  get last(): bigint | undefined {
    this.settle();
    return this.#runs.at(-1)?.[1];
  }
}

type Run<N> = [from: N, to: N];

const RUNS_MAX = 100_000;
/** Upper halves from here on make numbers beyond 2^53. */
const EXACT_HIGH = 2 ** 21;

/** Runs in order, those that touch or overlap as one. @param one of the kind */
function joined<N extends number | bigint>(runs: Run<N>[], one: N): Run<N>[] {
  runs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const whole: Run<N>[] = [];
  for (const [from, to] of runs) {
    const last = whole.at(-1);
    if (last !== undefined && from <= (((last[1] as number) + (one as number)) as N))
      last[1] = to > last[1] ? to : last[1];
    else whole.push([from, to]);
  }
  return whole;
}
