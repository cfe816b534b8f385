import type { TransportLog } from "#transport";
import type { SocketClock } from "./options.ts";

const INTERVAL_MS = 5000;

/** Counts what misbehaving peers do, and logs it at most every five seconds per kind: a flood must not become a flood of lines. */
export class FaultLog {
  readonly counts: Map<string, number> = new Map();
  readonly #log: TransportLog;
  readonly #clock: SocketClock;
  readonly #logged = new Map<string, { at: number; count: number }>();

  constructor(log: TransportLog, clock: SocketClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param kind one of a small closed set, never text of the peer */
  count(kind: string, fields: object, text: string): void {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    const last = this.#logged.get(kind);
    const now = this.#clock.now();
    if (last !== undefined && now - last.at < INTERVAL_MS) return;
    const suppressed = last === undefined ? 0 : count - last.count - 1;
    this.#logged.set(kind, { at: now, count });
    this.#log.warn({ ...fields, fault: kind, count, suppressed }, text);
  }
}
