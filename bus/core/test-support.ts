/** For tests of this room: a clock that stands still, carriers without a wire. */
import type { ByteCarrier, ByteReceiver, LaneReport, Outbound } from "#transport";
import { CLOSED, DROP_REASONS, FULL } from "#transport";
import { frameLength, Lane, Memory, paddedBytes } from "#wire";
import type { Logger } from "./api.ts";
import type { Clock } from "./hub-api.ts";

export class FakeClock implements Clock {
  ms = 1000;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.ms;
  }

  wallMs(): number {
    return this.ms + 1_700_000_000_000;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.ms + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers fire in order, those that they set as well. */
  pass(ms: number): void {
    const end = this.ms + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.ms = Math.max(this.ms, due.at);
      due.callback();
    }
    this.ms = end;
  }
}

export interface Line {
  readonly level: string;
  readonly text: string;
}

export const fakeLog = (): Logger & { lines: Line[] } => {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (fields: object | string, text?: string): void => {
      lines.push({ level, text: typeof fields === "string" ? fields : (text ?? "") });
    };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};

/** One lane that keeps what was committed until the test takes it. */
export class FakeOutbound implements Outbound {
  memory: Memory = Memory.allocate(1 << 16);
  limit = 0;
  committed = 0;
  flushes = 0;
  readonly report: LaneReport & { delivered: number; dropped: number[] } = {
    delivered: 0,
    dropped: DROP_REASONS.map(() => 0),
  };
  /** Bytes that may be unreleased; a larger frame passes alone. */
  window: number;
  closed = false;
  readonly frames: Memory[] = [];
  #unreleased = 0;

  constructor(window: number = 1 << 20) {
    this.window = window;
  }

  claim(bytesMin: number): number {
    if (this.closed) return CLOSED;
    const need = paddedBytes(bytesMin);
    if (this.#unreleased > 0 && this.#unreleased + need > this.window) return FULL;
    if (need > this.memory.size) this.memory = Memory.allocate(need);
    this.limit = Math.max(need, Math.min(this.memory.size, this.window - this.#unreleased)) & ~7;
    return 0;
  }

  commit(bytes: number): void {
    this.frames.push(Memory.copyOf(this.memory.u8.slice(0, bytes)));
    this.#unreleased += paddedBytes(bytes);
    this.committed++;
  }

  flush(): void {
    this.flushes++;
  }

  /** The oldest frame not released yet, as if its reader had answered `verdict`: 1 = delivered, else a drop reason's index. */
  release(reason = -1): Memory | undefined {
    const index = this.report.delivered + this.report.dropped.reduce((a, b) => a + b, 0);
    const frame = this.frames[index];
    if (frame === undefined) return undefined;
    this.#unreleased -= paddedBytes(frameLength(frame, 0));
    if (reason < 0) this.report.delivered++;
    else this.report.dropped[reason]++;
    return frame;
  }

  releaseAll(): void {
    while (this.release() !== undefined);
  }
}

/** A carrier whose other end is the test. */
export class FakeCarrier implements ByteCarrier {
  readonly kind = "bytes";
  readonly transport = "unix";
  readonly peer: ByteCarrier["peer"] = { label: "fake" };
  readonly outbound: readonly [FakeOutbound, FakeOutbound];
  receiver: ByteReceiver | undefined;
  aborted = false;
  closedAfter: number | undefined;
  readonly resumed: Lane[] = [];
  readonly settled: [Lane, number][] = [];

  constructor(window?: number) {
    this.outbound = [new FakeOutbound(window), new FakeOutbound()];
  }

  open(receiver: ByteReceiver): void {
    this.receiver = receiver;
  }

  resume(lane: Lane): void {
    this.resumed.push(lane);
  }

  settle(lane: Lane, verdict: number): void {
    this.settled.push([lane, verdict]);
  }

  reportNow(): void {}

  close(drainMs: number): Promise<void> {
    this.closedAfter = drainMs;
    for (const lane of this.outbound) lane.closed = true;
    return Promise.resolve();
  }

  abort(): void {
    this.aborted = true;
    for (const lane of this.outbound) lane.closed = true;
  }

  /** A frame arrives from the other end. @returns the verdict */
  arrive(frame: Memory, lane: Lane = Lane.control): number {
    return this.receiver?.frame(lane, frame, 0, frameLength(frame, 0)) ?? -1;
  }
}
