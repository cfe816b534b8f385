import type { ByteCarrier, ByteReceiver, PeerIdentity, TransportName } from "#transport";
import {
  BusError,
  checkFrame,
  frameCorrelation,
  frameKind,
  frameLane,
  frameLength,
  Kind,
  Lane,
  type Memory,
  paddedBytes,
} from "#wire";
import { CreditSchedule } from "./credit-schedule.ts";
import type { FaultLog } from "./fault-log.ts";
import { InboundLane } from "./inbound-lane.ts";
import {
  BURST_GAP_MS,
  BYE_WAIT_MS,
  CONTROL_STAGING,
  CONTROL_WINDOW_BYTES,
  type StagingBytes,
  WINDOW_BYTES_MAX,
} from "./limits.ts";
import type { SocketClock, Timing } from "./options.ts";
import { OutboundLane } from "./outbound-lane.ts";
import { OwnFrames, readBye, readCredit } from "./own-frames.ts";
import type { Pipe } from "./pipe.ts";
import { Sender } from "./sender.ts";

export interface CarrierOptions {
  readonly transport: TransportName;
  readonly peer: PeerIdentity;
  readonly pipe: Pipe;
  /** Granted by the peer: what we may have in flight. Bytes. */
  readonly windowOut: number;
  /** Granted by us: what the peer may have in flight. Bytes. */
  readonly windowIn: number;
  readonly frameBytesMax: number;
  /** Of the data lane. */
  readonly staging: StagingBytes;
  /** One number, to which the bytes sent are added. */
  readonly moved: Uint32Array;
  readonly clock: SocketClock;
  readonly timing: Timing;
  readonly faults: FaultLog;
}

/** open -> draining (close was called) -> finishing (our BYE is out) -> closed */
type State = "open" | "draining" | "finishing" | "closed";

/** Longer than the I/O thread needs to hand over messages that came before a disconnect. ms */
const LAST_WORDS_MS = 5;

/** A live connection over one ZeroMQ pipe, the same object on both ends. One thread. */
export class SocketCarrier implements ByteCarrier {
  readonly kind = "bytes";
  readonly transport: TransportName;
  readonly peer: PeerIdentity;
  readonly outbound: readonly [OutboundLane, OutboundLane];
  readonly #inbound: readonly [InboundLane, InboundLane];
  readonly #own = new OwnFrames();
  readonly #sender: Sender;
  readonly #schedule: CreditSchedule;
  readonly #options: CarrierOptions;
  #receiver: ByteReceiver | undefined;
  #state: State = "open";
  #cause: BusError | undefined;
  #delivering = false;
  #gathering = false;
  #heardMs: number;
  /** Frames of the message in work that went to a lane. */
  #taken = 0;
  #pings = 0;
  #messages = 0;
  #leaving = false;
  #closing: Promise<void> | undefined;
  /** Wakes `close` when counters moved or the connection ended. */
  #stirred: (() => void) | undefined;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.transport = options.transport;
    this.peer = options.peer;
    const transmit = () => this.#transmit();
    const flush = () => this.#flush();
    const { frameBytesMax } = options;
    this.outbound = [
      new OutboundLane({
        windowBytes: Math.min(options.windowOut, WINDOW_BYTES_MAX),
        staging: options.staging,
        frameBytesMax,
        transmit,
        flush,
      }),
      new OutboundLane({
        windowBytes: CONTROL_WINDOW_BYTES,
        staging: CONTROL_STAGING,
        frameBytesMax,
        transmit,
        flush,
      }),
    ];
    this.#sender = new Sender(this.#own, this.outbound, (message) => options.pipe.send(message), options.moved);
    this.#inbound = [new InboundLane(Lane.data, options.windowIn), new InboundLane(Lane.control, CONTROL_WINDOW_BYTES)];
    this.#heardMs = options.clock.now();
    this.#schedule = new CreditSchedule({
      inbound: this.#inbound,
      clock: options.clock,
      delayMs: options.timing.creditDelayMs,
      send: () => {
        if (this.closed || this.#state === "finishing") return;
        this.#credits(false);
        this.#transmit();
      },
    });
  }

  /** ZeroMQ messages sent, for tests and benches of coalescing. */
  get messagesSent(): number {
    return this.#sender.messages;
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  /** Bytes of arrived frames that the receiver did not take yet. */
  get heldBytes(): number {
    return this.#inbound[0].heldBytes + this.#inbound[1].heldBytes;
  }

  open(receiver: ByteReceiver): void {
    if (this.#receiver !== undefined) throw new BusError("core/internal", { details: { reason: "opened twice" } });
    this.#receiver = receiver;
    queueMicrotask(() => {
      const cause = this.#cause;
      if (this.closed) {
        if (cause !== undefined) receiver.closed(cause);
        return;
      }
      this.#pump(Lane.control);
      this.#pump(Lane.data);
    });
  }

  resume(lane: Lane): void {
    const inbound = this.#inbound[lane];
    inbound.resumeAsked = true;
    if (!this.#delivering) queueMicrotask(() => this.#pumpAsked());
  }

  settle(lane: Lane, verdict: number): void {
    this.#inbound[lane].settle(verdict);
    if (!this.#delivering) this.#report();
  }

  reportNow(): void {
    this.#schedule.reportNow();
  }

  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#state === "open" ? this.#drain(drainMs) : Promise.resolve();
    return this.#closing;
  }

  abort(): void {
    if (this.closed) return;
    this.#sayBye("core/closed", "");
    this.#end(undefined);
  }

  /** A message has arrived: `length` bytes at the start of `memory`, valid until return. */
  message(memory: Memory, length: number): void {
    if (this.closed) return;
    this.#messages++;
    this.#taken = 0;
    this.#heardMs = this.#options.clock.now();
    this.#schedule.heardMs = this.#heardMs;
    this.#schedule.creditHeard = false;
    this.#delivering = true;
    let at = 0;
    try {
      while (at < length && this.#state !== "closed") {
        const fault = this.#frame(memory, at, length - at);
        if (fault !== undefined) {
          this.fault(fault);
          break;
        }
        at += paddedBytes(frameLength(memory, at));
      }
    } catch (error) {
      this.#sayBye("core/internal", "");
      this.#end(BusError.from(error));
    } finally {
      // Even when the connection has ended: callbacks may have published on others.
      this.#receiver?.idle();
      this.#delivering = false;
    }
    if (this.closed) return;
    if (this.#inbound[0].resumeAsked || this.#inbound[1].resumeAsked) queueMicrotask(() => this.#pumpAsked());
    if (this.#taken > 0) this.#report();
    else this.#schedule.answer();
  }

  /** The peer broke the protocol: this connection ends, and only this one. */
  fault(fault: string): void {
    if (this.closed) return;
    const peer = this.peer.label;
    this.#options.faults.count(fault, { peer }, "closed the connection of a peer that broke the protocol");
    this.#sayBye("wire/malformed-frame", fault);
    this.#end(new BusError("wire/malformed-frame", { details: { fault, peer } }));
  }

  /** The socket says that nobody is there any more. What came before is still delivered, then the carrier ends. */
  unreachable(reason: string): void {
    if (this.closed || this.#leaving) return;
    this.#leaving = true;
    this.#sender.mute = true;
    let seen = this.#messages;
    const check = (): void => {
      if (this.closed) return;
      if (this.#messages === seen) {
        this.#lost(reason);
        return;
      }
      seen = this.#messages;
      this.#options.clock.after(LAST_WORDS_MS, check);
    };
    this.#options.clock.after(LAST_WORDS_MS, check);
  }

  /** Asks for a sign of life; over a ROUTER this also tells at once when the peer is gone. */
  probe(): void {
    if (this.closed || this.#state === "finishing") return;
    this.#own.ping(++this.#pings);
    this.#transmit();
  }

  /** Called every half heartbeat. `lateMs`: this process itself was stopped or busy that long, which is not the peer's silence. */
  tick(nowMs: number, lateMs: number): void {
    this.#heardMs += lateMs;
    const silentMs = nowMs - this.#heardMs;
    const { deadMs, heartbeatMs } = this.#options.timing;
    if (silentMs >= deadMs) this.#giveUp(`no sign of life for ${Math.round(silentMs)} ms`);
    else if (silentMs >= heartbeatMs) this.probe();
    this.outbound[0].trim();
    this.outbound[1].trim();
    this.#sender.trim();
  }

  /** One frame of a message. @returns the fault, when it is one */
  #frame(memory: Memory, at: number, available: number): string | undefined {
    const fault = checkFrame(memory, at, available);
    if (fault !== undefined) return fault;
    const length = frameLength(memory, at);
    if (length > this.#options.frameBytesMax) return "OVERSIZE";
    const kind = frameKind(memory, at);
    const lane = frameLane(memory, at);
    if (lane !== (kind === Kind.data ? Lane.data : Lane.control)) return "LANE";
    if (kind >= Kind.data && kind <= Kind.cancel) return this.#take(lane as Lane, memory, at, length);
    switch (kind) {
      case Kind.credit:
        if (frameCorrelation(memory, at) !== 0) return this.#take(Lane.control, memory, at, length);
        return this.#credited(memory, at);
      case Kind.ping:
        if (this.#state !== "finishing") {
          this.#own.pong();
          this.#transmit();
        }
        return undefined;
      case Kind.pong:
        return undefined;
      case Kind.bye:
        this.#bye(memory, at);
        return undefined;
      case Kind.schema:
      case Kind.ack:
      case Kind.subscribe:
        return this.#take(Lane.control, memory, at, length);
      default:
        return "KIND";
    }
  }

  #take(lane: Lane, memory: Memory, at: number, length: number): string | undefined {
    // After our BYE the counters are final: what still comes is not delivered, and its sender counts it as lost.
    if (this.#state === "finishing") return undefined;
    this.#taken++;
    return this.#inbound[lane].arrive(this.#receiver, memory, at, length) ? undefined : "WINDOW";
  }

  #credited(memory: Memory, at: number): string | undefined {
    const credit = readCredit(memory, at);
    if (credit === undefined) return "CREDIT";
    this.#schedule.creditHeard = true;
    const lane = credit.lane as Lane;
    const outbound = this.outbound[lane];
    if (!outbound.credit(credit.releasedBytes, credit.delivered, credit.dropped)) return "CREDIT";
    if (lane === Lane.data) this.#sender.released(outbound.releasedBytes);
    this.#receiver?.reported(lane);
    if (this.#state === "open" && outbound.takeWritable()) this.#receiver?.writable(lane);
    this.#stirred?.();
    return undefined;
  }

  #bye(memory: Memory, at: number): void {
    const bye = readBye(memory, at);
    const peer = this.peer.label;
    const code = bye?.code ?? "core/closed";
    if (this.#state !== "finishing") this.#sayBye("core/closed", "");
    if (code === "core/closed") {
      this.#end(new BusError("core/closed", { details: { what: peer } }));
      return;
    }
    const reason = `it closed the connection with ${code}${bye?.text ? ` (${bye.text})` : ""}`;
    this.#end(new BusError("transport/link-lost", { details: { peer, reason } }));
  }

  #pumpAsked(): void {
    for (const inbound of this.#inbound) {
      if (!inbound.resumeAsked) continue;
      inbound.resumeAsked = false;
      this.#pump(inbound.lane);
    }
  }

  #pump(lane: Lane): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.closed || this.#state === "finishing") return;
    if (this.#delivering) {
      this.#inbound[lane].resumeAsked = true;
      return;
    }
    this.#delivering = true;
    try {
      if (this.#inbound[lane].pump(receiver, this.#going)) receiver.idle();
    } catch (error) {
      this.#sayBye("core/internal", "");
      this.#end(BusError.from(error));
    } finally {
      this.#delivering = false;
    }
    // A resume from inside a callback that then answered HOLD.
    if (this.#inbound[lane].resumeAsked) queueMicrotask(() => this.#pumpAsked());
    this.#report();
  }

  readonly #going = (): boolean => this.#state === "open" || this.#state === "draining";

  #report(): void {
    if (!this.closed && this.#state !== "finishing") this.#schedule.consider();
  }

  #credits(all: boolean): void {
    this.#schedule.reported();
    for (const inbound of this.#inbound) {
      if (inbound.dirty || all) this.#sender.credit(inbound);
    }
  }

  #flush(): void {
    if (this.#gathering) return;
    const now = this.#options.clock.now();
    if (now - this.#schedule.sentMs >= BURST_GAP_MS) {
      this.#schedule.sentMs = now;
      const bytes = this.outbound[0].staged + this.outbound[1].staged;
      if (this.#schedule.ridesAt(now, bytes)) this.#credits(false);
      this.#transmit();
    } else {
      this.#gathering = true;
      setImmediate(this.#gathered);
    }
  }

  readonly #gathered = (): void => {
    this.#gathering = false;
    this.#schedule.sentMs = this.#options.clock.now();
    this.#transmit();
  };

  #transmit(): void {
    if (!this.closed) this.#sender.transmit();
  }

  /** Everything staged, our last counters, BYE. After it nothing of ours follows. */
  #sayBye(code: string, text: string): void {
    this.#credits(true);
    this.#sender.bye(code, text);
  }

  async #drain(drainMs: number): Promise<void> {
    this.#state = "draining";
    for (const lane of this.outbound) lane.close();
    this.#transmit();
    const inFlight = (): boolean => this.outbound[0].inFlight + this.outbound[1].inFlight > 0;
    await this.#until(() => this.closed || !inFlight(), drainMs);
    if (this.closed) return;
    this.#sayBye("core/closed", "");
    this.#state = "finishing";
    await this.#until(() => this.closed, Math.min(drainMs, BYE_WAIT_MS));
    this.#end(undefined);
  }

  #until(reached: () => boolean, ms: number): Promise<void> {
    if (reached() || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stirred = undefined;
        clearTimeout(timer);
        resolve();
      };
      // Keeps the process alive: someone awaits this.
      const timer = setTimeout(done, ms);
      this.#stirred = () => reached() && done();
    });
  }

  /**
   * A peer that was only stopped finds this BYE when it goes on, and dials anew at once; a ROUTER cannot close a connection, so
   * without it the peer would learn of the end from our silence.
   */
  #giveUp(reason: string): void {
    this.#sender.byeAlone("transport/link-lost", reason);
    this.#lost(reason);
  }

  #lost(reason: string): void {
    const peer = this.peer.label;
    this.#end(new BusError("transport/link-lost", { details: { peer, reason } }));
  }

  /** `closed` of the receiver is called when the other side or a fault ended the connection, not when we did. */
  #end(cause: BusError | undefined): void {
    if (this.closed) return;
    const ours = this.#state !== "open";
    this.#state = "closed";
    this.#schedule.cancel();
    for (const lane of this.outbound) lane.close();
    for (const lane of this.#inbound) lane.clear();
    this.#options.pipe.end();
    this.#stirred?.();
    if (ours || cause === undefined) return;
    this.#cause = cause;
    this.#receiver?.closed(cause);
  }
}
