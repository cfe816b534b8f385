/** What recovery needs of the world. Handed in, so that tests and simulated clocks decide what time is. */
export interface Effects {
  /** ms, from any origin; only differences count. */
  now(): number;
  /** Resolves after `ms`, or rejects with the signal's reason once it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 <= x < 1, for jitter. Left out: no jitter. */
  random?(): number;
}
