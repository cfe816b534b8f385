/** Numbers that were seen, as runs: recordings count without holes, so millions of them are a handful of runs. */
export class Sequences {
  #runs: [from: bigint, to: bigint][] = [];
  /** Too scattered to be kept: nothing can be said of holes. */
  scattered = false;

  /** @param numbers in any order; the array is sorted */
  add(numbers: bigint[]): void {
    if (numbers.length === 0 || this.scattered) return;
    numbers.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const fresh: [bigint, bigint][] = [];
    for (const number of numbers) {
      const last = fresh.at(-1);
      if (last !== undefined && number <= last[1] + 1n) last[1] = number > last[1] ? number : last[1];
      else fresh.push([number, number]);
    }
    this.#runs = joined([...this.#runs, ...fresh]);
    this.scattered = this.#runs.length > RUNS_MAX;
  }

  /** What lies between the first and the last run and was not seen. */
  get holes(): [from: bigint, to: bigint][] {
    return this.#runs.slice(1).map(([from], i) => [this.#runs[i]![1] + 1n, from - 1n]);
  }

  get first(): bigint | undefined {
    return this.#runs[0]?.[0];
  }
  get last(): bigint | undefined {
    return this.#runs.at(-1)?.[1];
  }
}

const RUNS_MAX = 100_000;

function joined(runs: [bigint, bigint][]): [bigint, bigint][] {
  runs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const whole: [bigint, bigint][] = [];
  for (const [from, to] of runs) {
    const last = whole.at(-1);
    if (last !== undefined && from <= last[1] + 1n) last[1] = to > last[1] ? to : last[1];
    else whole.push([from, to]);
  }
  return whole;
}
