import type { Children } from "./children.ts";
import type { Pace } from "./options.ts";
import type { MeasureFacts, Row } from "./row.ts";

/** A named set of measures. Adding one = a file in `suites/` and a line in `suites.ts`. */
export interface Suite {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Emits its rows in the order it measures. */
  run(bench: Bench): Promise<void>;
}

/** What a suite works with. */
export interface Bench {
  readonly pace: Pace;
  readonly children: Children;
  /** Of this run, removed at its end. */
  readonly folder: string;
  /** Two CPUs to pin the two sides to; undefined when this machine cannot. */
  readonly cpus: readonly [number, number] | undefined;
  /** Whether this measure was asked for: all are, unless `--only` named some. */
  wants(measure: string): boolean;
  /** For standard error. */
  progress(text: string): void;
  emit(row: Row): void;
  /** Keeps the raw values of one contestant for `--save`. */
  record(facts: MeasureFacts, contestant: string, samples: readonly number[] | string): void;
}
