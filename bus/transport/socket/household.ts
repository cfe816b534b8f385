import type { TransportLog, TransportName } from "#transport";
import type { SocketCarrier } from "./carrier.ts";
import { FaultLog } from "./fault-log.ts";
import { DATA_STAGING, ENCRYPTED_STAGING, type StagingBytes } from "./limits.ts";
import { type Look, type SocketClock, type SocketOptions, systemClock, type Timing, timingOf } from "./options.ts";
import type { Scheme } from "./scheme.ts";
import { Scratch } from "./scratch.ts";

/** What all connections of one transport share: scratch memory, times, the heartbeat, and the list of who is alive. */
export class Household {
  readonly name: TransportName;
  readonly clock: SocketClock;
  readonly timing: Timing;
  /** Of the data lanes. */
  readonly staging: StagingBytes;
  readonly scratch: Scratch;
  readonly carriers: Set<SocketCarrier> = new Set();
  /** Bytes sent and received since somebody took it back to 0. */
  readonly moved: Uint32Array;
  readonly #look: Look | undefined;
  #faults: FaultLog | undefined;
  #cancel: (() => void) | undefined;
  #tickedMs = 0;

  constructor(scheme: Scheme, options: SocketOptions) {
    this.name = scheme.name;
    this.staging = scheme.features.encrypted ? ENCRYPTED_STAGING : DATA_STAGING;
    this.scratch = new Scratch(options.release);
    this.clock = options.clock ?? systemClock;
    this.timing = timingOf(options);
    this.#look = options.look?.();
    this.moved = this.#look?.moved ?? new Uint32Array(1);
  }

  faults(log: TransportLog): FaultLog {
    this.#faults ??= new FaultLog(log, this.clock);
    return this.#faults;
  }

  adopt(carrier: SocketCarrier): void {
    this.carriers.add(carrier);
    if (this.#cancel !== undefined) return;
    this.#tickedMs = this.clock.now();
    this.#arm();
  }

  #arm(): void {
    this.#cancel = this.clock.after(this.timing.heartbeatMs / 2, () => this.#tick());
  }

  #tick(): void {
    this.#cancel = undefined;
    const now = this.clock.now();
    const lateMs = now - this.#tickedMs - this.timing.heartbeatMs / 2;
    this.#tickedMs = now;
    // Our own pause is not the peers' silence: what they sent meanwhile has not been read yet.
    for (const carrier of this.carriers) carrier.tick(now, lateMs > this.timing.heartbeatMs / 2 ? lateMs : 0);
    for (const carrier of this.carriers) if (carrier.closed) this.carriers.delete(carrier);
    this.scratch.trim();
    if (this.carriers.size > 0) this.#arm();
  }

  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await Promise.all([...this.carriers].map((carrier) => carrier.close(0)));
    this.carriers.clear();
    this.#look?.end();
  }
}
