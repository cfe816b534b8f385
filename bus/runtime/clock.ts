import type { Clock } from "#core";

/** Offset of the wall clock to the monotonic one, ms; fixed at start so that time stamps of one process never go back. */
const wallOffsetMs = Date.now() - performance.now();

/** The clock of this computer. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => performance.now() + wallOffsetMs,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
