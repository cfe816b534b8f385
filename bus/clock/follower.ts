/** A TypeScript service that follows the simulated clock: its turns, and which messages may come when. */
import type { Bus, Gate, Hub, Logger, Publisher, ServiceClock, Subscription } from "#core";
import { Done, type DoneInit, Mark, type MarkInit, Stage, Tick } from "#generated/busbar/clock";
import { BusError } from "#wire";

export interface FollowerOptions {
  readonly bus: Bus;
  readonly gate: Hub["gate"];
  /** Services whose Mark closes a tick here, sorted by name. */
  readonly peers: readonly string[];
  /** Whether a service follows the clock, too. */
  readonly follows: (service: string) => boolean;
  readonly log: Logger;
}

/** For answers that are under way when everything else has arrived. */
const LAST_MS = 200;

type Turn = (tick: bigint, timeNs: bigint) => Promise<void> | void;

export class Follower implements ServiceClock {
  readonly #bus: Bus;
  readonly #gate: Gate;
  readonly #log: Logger;
  readonly #peers: readonly string[];
  readonly #follows: (service: string) => boolean;
  /** Last Mark of each peer. */
  readonly #marks = new Map<string, bigint>();
  readonly #turns: Turn[] = [];
  readonly #mark: Publisher<MarkInit>;
  readonly #done: Publisher<DoneInit>;
  readonly #closed = new AbortController();
  #hash: (() => bigint) | undefined;
  #tick = 0n;
  #timeNs = 0n;
  #taken = 0n;
  #stage: Stage = Stage.idle;
  #reason: string | null = null;
  #state: bigint | null = null;
  /** Place in `peers` of the one whose messages may come; all before it have sent their Mark. */
  #place = 0;
  #isOpen = false;

  constructor(options: FollowerOptions) {
    const { bus, peers } = options;
    this.#bus = bus;
    this.#log = options.log;
    this.#peers = peers;
    this.#follows = options.follows;
    for (const peer of peers) this.#marks.set(peer, 0n);
    this.#mark = bus.publisher(Mark);
    this.#done = bus.publisher(Done);
    const places = new Map(peers.map((peer, place) => [peer, place]));
    this.#gate = options.gate(bus.service, (peer) => {
      const place = places.get(peer);
      if (place === undefined || (this.#stage === Stage.ticked && place === this.#place)) return "open";
      return this.#closed.signal.aborted ? "late" : "shut";
    });
  }

  get tick(): bigint {
    return this.#tick;
  }

  now(): bigint {
    return this.#timeNs;
  }

  onTick(turn: Turn): Subscription {
    this.#turns.push(turn);
    const close = (): void => {
      const place = this.#turns.indexOf(turn);
      if (place >= 0) this.#turns.splice(place, 1);
    };
    return { close, [Symbol.dispose]: close };
  }

  onHash(hash: () => bigint): void {
    if (this.#hash !== undefined) throw new TypeError(`${this.#bus.service} has a hash already`);
    this.#hash = hash;
  }

  /** The service is ready: ticks are taken from now on. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    // Behind what the service itself subscribed to: a peer that sees this one has seen all of them.
    this.#bus.subscriber(Mark).on(({ tick }, { source }) => this.#marked(source, tick));
    this.#bus.subscriber(Tick).on(({ tick, timeNs, over }) => this.#ticked(tick, timeNs, over));
    this.#answer();
  }

  /**
   * What it published to services of the clock waits for a tick that it will not see; what it published to others arrives.
   * @returns how long its bus should drain, ms
   */
  async drained(drainMs: number): Promise<number> {
    const late = AbortSignal.timeout(drainMs);
    await this.#gate.drained(this.#follows, late).catch(() => undefined);
    return Math.min(drainMs, LAST_MS);
  }

  close(): void {
    this.#closed.abort(new BusError("core/closed", { details: { what: `the clock of ${this.#bus.service}` } }));
    // What was held is of a tick that it will not see.
    this.#gate.changed();
  }

  #ticked(tick: bigint, timeNs: bigint, over: boolean): void {
    const isBetween = this.#stage !== Stage.working && this.#stage !== Stage.ticked;
    if (tick > this.#tick && isBetween) {
      this.#tick = tick;
      this.#timeNs = timeNs;
      if (!over) {
        void this.#work(tick, timeNs);
        return;
      }
      // What was sent in ticks before it came is no concern of it.
      for (const peer of this.#peers) this.#marks.set(peer, tick);
      this.#stage = Stage.settled;
    } else if (tick === this.#tick && !over && this.#taken > 0n && this.#stage !== Stage.working) {
      // Somebody is missing, perhaps for want of our Mark: it may have come anew.
      this.#publishMark();
    }
    this.#answer();
  }

  async #work(tick: bigint, timeNs: bigint): Promise<void> {
    this.#stage = Stage.working;
    this.#reason = null;
    this.#state = null;
    this.#taken++;
    try {
      for (const turn of [...this.#turns]) await turn(tick, timeNs);
      await this.#gate.accepted(this.#closed.signal);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#reason =
        error instanceof Error && !(error instanceof BusError)
          ? `${error.name}: ${error.message}`
          : String((error as Error).message ?? error);
      this.#log.error({ tick: tick.toString(), error }, `the turn of tick ${tick} failed: ${this.#reason}`);
    }
    if (this.#closed.signal.aborted) return;
    this.#publishMark();
    this.#stage = Stage.ticked;
    this.#place = 0;
    this.#advance();
    if (this.#stage === Stage.ticked) this.#answer();
  }

  #marked(source: string, tick: bigint): void {
    const before = this.#marks.get(source);
    if (before === undefined || before >= tick) return;
    this.#marks.set(source, tick);
    if (this.#stage === Stage.ticked) this.#advance();
  }

  /** On to the next peer that has not closed the tick, or to the end of the tick. */
  #advance(): void {
    const from = this.#place;
    while (this.#place < this.#peers.length && this.#marks.get(this.#peers[this.#place])! >= this.#tick) this.#place++;
    if (this.#place === this.#peers.length) {
      this.#settle();
      this.#answer();
    } else if (this.#place !== from || from === 0) {
      // On a later turn: a Mark is read inside the carrier that is to be resumed.
      queueMicrotask(() => this.#gate.changed());
    }
  }

  #settle(): void {
    this.#stage = Stage.settled;
    try {
      this.#state = this.#hash === undefined ? null : BigInt.asUintN(64, this.#hash());
    } catch (error) {
      this.#reason ??= `its hash failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.#reason !== null) this.#stage = Stage.failed;
  }

  #publishMark(): void {
    this.#mark.publish({ tick: this.#tick }).catch((error: unknown) => this.#lost("Mark", error));
  }

  #answer(): void {
    const waits = this.#stage === Stage.ticked ? this.#peers.filter((peer) => this.#marks.get(peer)! < this.#tick) : [];
    this.#done
      .publish({
        tick: this.#tick,
        timeNs: this.#timeNs,
        stage: this.#stage,
        hash: this.#state,
        reason: this.#reason,
        waitsFor: waits,
        taken: this.#taken,
      })
      .catch((error: unknown) => this.#lost("Done", error));
  }

  /** The clock asks again, so nothing hangs on one message. */
  #lost(what: string, error: unknown): void {
    if (this.#closed.signal.aborted) return;
    this.#log.debug({}, `${what} of tick ${this.#tick} was not taken: ${(error as Error).message}`);
  }
}

/** The clock of a service that does not follow one. */
export function notFollowing(service: string): ServiceClock {
  const refuse = (): never => {
    throw new BusError("clock/not-following", { details: { service } });
  };
  return { tick: 0n, now: refuse, onTick: refuse, onHash: refuse };
}
