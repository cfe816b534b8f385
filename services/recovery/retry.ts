/** The same again, with growing pauses. */
import type { Effects } from "./effects.ts";
import { type Strategy, strategyOf } from "./strategy.ts";

export interface BackOff {
  /** Tries in all, the first included. Default 5: with the pauses below about a second and a half. */
  readonly triesMax?: number;
  /** Pause after the first failure, ms. Default 100. */
  readonly firstMs?: number;
  /** Each pause is so many times the one before. Default 2. */
  readonly factor?: number;
  /** No pause is longer, ms. Default 5,000. */
  readonly longestMs?: number;
  /** Share of a pause that is left to `random`, 0..1, so that many callers do not come back at once. Default 0.25. */
  readonly jitter?: number;
  /** No new try begins later than this after the first one, ms. Default: no such limit. */
  readonly budgetMs?: number;
}

/** What was done about a failure, told before the pause. */
export interface Recovery {
  readonly strategy: Strategy;
  readonly error: unknown;
  /** Tries so far, from 1. */
  readonly tries: number;
  readonly pauseMs: number;
}

export interface RetryOptions extends BackOff {
  readonly signal?: AbortSignal;
  readonly onRecovery?: (recovery: Recovery) => void;
}

/** Pause after `tries` failures, ms; grows to `longestMs`, less up to the jitter's share. */
export function pauseAfter(tries: number, backOff: BackOff, random?: () => number): number {
  const { firstMs = 100, factor = 2, longestMs = 5000, jitter = 0.25 } = backOff;
  const whole = Math.min(longestMs, firstMs * factor ** (tries - 1));
  return whole * (1 - jitter * (random?.() ?? 0));
}

/**
 * Repeats `work` while its error asks for a retry (or the service behind it for a restart, which its supervisor does).
 * @param work gets the number of the try, from 1; it must be safe to repeat
 * @throws (rejects) the last error; what no repetition cures at once; the signal's reason when it is aborted
 */
export async function retry<T>(
  work: (tries: number) => Promise<T>,
  effects: Effects,
  options: RetryOptions = {},
): Promise<T> {
  const started = effects.now();
  for (let tries = 1; ; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await work(tries);
    } catch (error) {
      const strategy = strategyOf(error);
      if (strategy !== "retry" && strategy !== "restart") throw error;
      const pauseMs = nextPause(tries, started, effects, options);
      if (pauseMs === undefined) throw error;
      options.onRecovery?.({ strategy, error, tries, pauseMs });
      await effects.sleep(pauseMs, options.signal);
    }
  }
}

/** @returns undefined when no further try is allowed */
export function nextPause(tries: number, started: number, effects: Effects, options: RetryOptions): number | undefined {
  const { triesMax = 5, budgetMs = Number.POSITIVE_INFINITY, signal } = options;
  if (tries >= triesMax || signal?.aborted === true) return undefined;
  const pauseMs = pauseAfter(tries, options, effects.random?.bind(effects));
  return effects.now() + pauseMs - started > budgetMs ? undefined : pauseMs;
}
