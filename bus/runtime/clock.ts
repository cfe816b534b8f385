import type { Clock } from "#core";

/** Offset of the wall clock to the monotonic one, ns; fixed at start so that time stamps of one process never go back. */
const wallOffsetNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();

/** The clock of this computer. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNs: () => process.hrtime.bigint() + wallOffsetNs,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
