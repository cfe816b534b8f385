/** The simulated clock itself: which tick it is, who has taken it, and when the next one begins. Pure but for its port. */
import { Mode, Stage, type State, type TickInit } from "#generated/busbar/clock";
import { BusError } from "#wire";
import { RunHash } from "./run-hash.ts";

export interface ClockOptions {
  readonly stepNs: bigint;
  readonly startNs: bigint;
  readonly timeoutMs: number;
  /** Names of the services that follow it. */
  readonly services: readonly string[];
}

/** What the clock needs of the world. Wall time only waits and limits; it never becomes simulated time. */
export interface ClockPort {
  /** Monotonic, ms. */
  now(): number;
  /** @returns cancels it */
  after(ms: number, callback: () => void): () => void;
  /** Lets everything else of this thread have its turn. */
  pause(): Promise<void>;
  publish(tick: TickInit): void;
  changed(): void;
}

export interface Report {
  readonly tick: bigint;
  readonly timeNs: bigint;
  readonly stage: Stage;
  readonly hash: bigint | null;
  readonly reason: string | null;
  readonly waitsFor: readonly string[];
  readonly taken: bigint;
}

interface Follower extends Report {
  readonly joined: boolean;
  readonly rejoined: number;
}

const AGAIN_MS = 250;
const U64_MAX = 2n ** 64n - 1n;
/** Ticks without a turn for the rest of the thread. */
const TICKS_A_TURN = 16;
const NEW: Follower = {
  tick: 0n,
  timeNs: 0n,
  stage: Stage.idle,
  hash: null,
  reason: null,
  waitsFor: [],
  taken: 0n,
  joined: false,
  rejoined: 0,
};

export class SimulatedClock {
  readonly #options: ClockOptions;
  readonly #port: ClockPort;
  readonly #followers: Map<string, Follower>;
  readonly #names: readonly string[];
  readonly #hash = new RunHash();
  #hashedFrom = 0n;
  #tick = 0n;
  #timeNs: bigint;
  #work: { readonly tick: bigint; readonly timeNs: bigint } | undefined;
  #mode: Mode = Mode.paused;
  #rate: number | null = null;
  #error: string | null = null;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  /** Called when a follower has reported. */
  #news: () => void = () => undefined;

  constructor(options: ClockOptions, port: ClockPort) {
    this.#options = options;
    this.#port = port;
    this.#timeNs = options.startNs;
    this.#names = [...options.services].sort();
    this.#followers = new Map(this.#names.map((name) => [name, NEW]));
  }

  state(): State {
    return {
      tick: this.#tick,
      timeNs: this.#timeNs,
      stepNs: this.#options.stepNs,
      mode: this.#mode,
      rate: this.#rate,
      inWork: this.#work?.tick ?? null,
      runHash: this.#hash.hex,
      hashedFrom: this.#hashedFrom,
      error: this.#error,
      followers: this.#names.map((service) => {
        const { tick, stage, waitsFor, reason, joined, rejoined } = this.#followers.get(service)!;
        return { service, tick, stage, waitsFor: [...waitsFor], reason, joined, rejoined };
      }),
    };
  }

  /** A follower says where it is. Others are none of ours. */
  arrived(service: string, report: Report): void {
    const before = this.#followers.get(service);
    if (before === undefined) return;
    const isAnew = before.joined && report.taken < before.taken;
    this.#followers.set(service, { ...report, joined: true, rejoined: before.rejoined + (isAnew ? 1 : 0) });
    this.#news();
  }

  /** Asks everybody where they are. */
  ask(): void {
    this.#port.publish({ tick: this.#tick, timeNs: this.#timeNs, over: true });
  }

  /** @throws BusError clock/busy, clock/bad-request, clock/incomplete, clock/tick-failed */
  async step(ticks: bigint, timeNs: bigint | null, signal?: AbortSignal): Promise<State> {
    this.#idle();
    if (ticks < 1n) throw bad("ticks", ticks, "at least 1");
    if (timeNs !== null) this.#checkTime(ticks, timeNs);
    return await this.#while(Mode.stepping, null, async () => {
      for (let i = 0n; i < ticks && !this.#stopping && signal?.aborted !== true; i++) {
        await this.#advance(timeNs);
        if (i % BigInt(TICKS_A_TURN) === 0n) await this.#port.pause();
      }
    });
  }

  /** Begins to run, and answers at once. @throws BusError clock/busy, clock/bad-request */
  run(rate: number | null, untilTick: bigint | null): State {
    this.#idle();
    if (rate !== null && !(rate > 0 && Number.isFinite(rate))) throw bad("rate", rate, "a number above 0");
    if (untilTick !== null && untilTick <= this.#tick)
      throw bad("until_tick", untilTick, `it is ${this.#tick} already`);
    this.#while(Mode.running, rate, () => this.#run(rate, untilTick)).catch(() => undefined); // it is in `error`
    return this.state();
  }

  /** Resolves when the tick in work is over, or has been given up. */
  async pause(): Promise<State> {
    this.#stopping = true;
    this.#news();
    await this.#loop;
    return this.state();
  }

  #idle(): void {
    if (this.#mode === Mode.paused) return;
    throw new BusError("clock/busy", { details: { mode: this.#mode === Mode.running ? "running" : "stepping" } });
  }

  #checkTime(ticks: bigint, timeNs: bigint): void {
    if (ticks !== 1n) throw bad("time_ns", timeNs, "it needs ticks = 1");
    const work = this.#work;
    if (work !== undefined && work.timeNs !== timeNs)
      throw bad("time_ns", timeNs, `tick ${work.tick} was begun with ${work.timeNs}`);
    if (timeNs <= this.#timeNs) throw bad("time_ns", timeNs, `it must be later than ${this.#timeNs}`);
  }

  async #while(mode: Mode, rate: number | null, work: () => Promise<void>): Promise<State> {
    this.#mode = mode;
    this.#rate = rate;
    this.#error = null;
    this.#stopping = false;
    let ended: () => void = () => undefined;
    this.#loop = new Promise((resolve) => {
      ended = resolve;
    });
    this.#port.changed();
    try {
      await work();
    } catch (error) {
      this.#error = BusError.from(error).message;
      throw error;
    } finally {
      this.#mode = Mode.paused;
      this.#rate = null;
      ended();
      this.#port.changed();
    }
    return this.state();
  }

  async #run(rate: number | null, untilTick: bigint | null): Promise<void> {
    const everyMs = rate === null ? 0 : Number(this.#options.stepNs) / 1e6 / rate;
    let due = this.#port.now();
    for (let i = 0; !this.#stopping && (untilTick === null || this.#tick < untilTick); i++) {
      await this.#advance(null);
      if (rate === null) {
        if (i % TICKS_A_TURN === 0) await this.#port.pause();
        continue;
      }
      // A tick that took too long is not made up for: the rate is a limit, not a promise.
      due = Math.max(due + everyMs, this.#port.now());
      await this.#until(() => this.#stopping, due - this.#port.now());
    }
  }

  /** One tick, or the rest of the one in work. */
  async #advance(timeNs: bigint | null): Promise<void> {
    await this.#gather();
    const work = (this.#work ??= this.#next(timeNs));
    const { tick } = work;
    const isOver = ({ tick: at, stage }: Follower): boolean => at === tick && isSettled(stage);
    await this.#reach(tick, isOver, () => this.#port.publish({ tick, timeNs: work.timeNs, over: false }));
    this.#work = undefined;
    this.#tick = tick;
    this.#timeNs = work.timeNs;
    for (const name of this.#names) {
      const { hash } = this.#followers.get(name)!;
      if (hash !== null) this.#hash.add(tick, hash);
    }
    this.#port.changed();
    const failed = this.#names.filter((name) => this.#followers.get(name)!.stage === Stage.failed);
    if (failed.length === 0) return;
    const services = failed.map((name) => `${name} (${this.#followers.get(name)!.reason})`).join(", ");
    throw new BusError("clock/tick-failed", { details: { tick: tick.toString(), services } });
  }

  #next(timeNs: bigint | null): { tick: bigint; timeNs: bigint } {
    const next = timeNs ?? this.#timeNs + this.#options.stepNs;
    if (next > U64_MAX) throw bad("time_ns", next, "simulated time ends at 2^64 ns");
    return { tick: this.#tick + 1n, timeNs: next };
  }

  /** Everybody has said where it is, and nobody is behind. A clock that was started anew goes on where they are. */
  async #gather(): Promise<void> {
    const begun = this.#work?.tick ?? this.#tick;
    const isThere = ({ joined, tick }: Follower): boolean => joined && (tick >= this.#tick || this.#work !== undefined);
    await this.#reach(
      begun,
      ({ joined }) => joined,
      () => this.ask(),
    );
    if (this.#tick === 0n && this.#work === undefined) this.#adopt();
    await this.#reach(begun, isThere, () => this.ask());
  }

  #adopt(): void {
    const all = [...this.#followers.values()];
    const last = all.reduce((most, each) => (each.tick > most.tick ? each : most), NEW);
    if (last.tick === 0n) return;
    const isOver = all.every(({ tick, stage }) => (tick === last.tick ? isSettled(stage) : tick !== last.tick - 1n));
    this.#tick = isOver ? last.tick : last.tick - 1n;
    this.#hashedFrom = this.#tick;
    if (isOver) this.#timeNs = last.timeNs;
    else {
      this.#timeNs = all.find(({ tick }) => tick === this.#tick)?.timeNs ?? last.timeNs - this.#options.stepNs;
      this.#work = { tick: last.tick, timeNs: last.timeNs };
    }
  }

  /** Asks until all are where they should be. @throws BusError clock/incomplete */
  async #reach(tick: bigint, there: (follower: Follower) => boolean, ask: () => void): Promise<void> {
    const missing = (): string[] => this.#names.filter((name) => !there(this.#followers.get(name)!));
    const { timeoutMs } = this.#options;
    const until = this.#port.now() + timeoutMs;
    ask();
    while (missing().length > 0) {
      const leftMs = until - this.#port.now();
      if (leftMs <= 0) {
        const services = missing()
          .map((name) => this.#whereabouts(name, tick))
          .join(", ");
        throw new BusError("clock/incomplete", {
          details: { tick: tick.toString(), timeout: `${timeoutMs} ms`, services },
        });
      }
      if (!(await this.#until(() => missing().length === 0, Math.min(AGAIN_MS, leftMs)))) ask();
    }
  }

  #whereabouts(name: string, tick: bigint): string {
    const { joined, tick: at, stage, waitsFor, reason } = this.#followers.get(name)!;
    if (!joined) return `${name} (has not joined)`;
    if (at !== tick) return `${name} (has not begun it${reason === null ? "" : `: ${reason}`})`;
    if (stage === Stage.working) return `${name} (has its turn)`;
    // A plugin knows its peers by number.
    return `${name} (waits for messages of ${waitsFor.length === 0 ? "others" : waitsFor.join(", ")})`;
  }

  /** @returns whether it came true within `ms` */
  #until(done: () => boolean, ms: number): Promise<boolean> {
    if (done()) return Promise.resolve(true);
    if (ms <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (value: boolean): void => {
        cancel();
        this.#news = () => undefined;
        resolve(value);
      };
      const cancel = this.#port.after(ms, () => end(false));
      this.#news = () => {
        if (done()) end(true);
      };
    });
  }
}

const isSettled = (stage: Stage): boolean => stage === Stage.settled || stage === Stage.failed;

const bad = (field: string, value: bigint | number, problem: string): BusError =>
  new BusError("clock/bad-request", { details: { field, value: String(value), problem } });
