/** A turn happens wholly or not at all: whatever goes wrong in it, the next try begins from the snapshot before it. */
import type { Effects } from "./effects.ts";
import { nextPause, type RetryOptions } from "./retry.ts";
import { strategyOf } from "./strategy.ts";

/** How the state that a turn changes is kept and put back. */
export interface Rewind<Snapshot> {
  snapshot(): Promise<Snapshot>;
  /** Puts the state back; may be called several times with the same snapshot, and on a service that has just started. */
  restore(snapshot: Snapshot): Promise<void>;
  /** Brings the service back; resolves when it answers. Left out: its supervisor does, and the pause is for that. */
  restart?(): Promise<void>;
}

/**
 * Runs one turn. After a failure the state is rolled back to the snapshot taken before it, the service restarted first when
 * nobody answers any more, and the turn is tried again. A restore that fails for want of a service restarts it too.
 * @throws (rejects) the turn's last error when tries or time are used up, with the state rolled back; errors that no strategy
 *   cures at once, likewise; the error of `restore` when even a restart did not help
 */
export async function turn<Snapshot, T>(
  work: (tries: number) => Promise<T>,
  rewind: Rewind<Snapshot>,
  effects: Effects,
  options: RetryOptions = {},
): Promise<T> {
  const started = effects.now();
  const snapshot = await rewind.snapshot();
  for (let tries = 1; ; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await work(tries);
    } catch (error) {
      const strategy = strategyOf(error);
      const curable = strategy === "retry" || strategy === "rollback" || strategy === "restart";
      const pauseMs = curable ? nextPause(tries, started, effects, options) : undefined;
      if (pauseMs !== undefined) {
        options.onRecovery?.({ strategy, error, tries, pauseMs });
        await effects.sleep(pauseMs, options.signal);
      }
      await goBack(rewind, snapshot, strategy === "restart");
      if (pauseMs === undefined) throw error;
    }
  }
}

async function goBack<Snapshot>(rewind: Rewind<Snapshot>, snapshot: Snapshot, restartFirst: boolean): Promise<void> {
  if (restartFirst) await rewind.restart?.();
  try {
    await rewind.restore(snapshot);
  } catch (error) {
    if (restartFirst || rewind.restart === undefined || strategyOf(error) !== "restart") throw error;
    await rewind.restart();
    await rewind.restore(snapshot);
  }
}
