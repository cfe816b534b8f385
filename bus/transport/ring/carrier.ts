import { Credit } from "#generated/busbar/control";
import { type ByteCarrier, type ByteReceiver, HOLD, type PeerIdentity } from "#transport";
import { BusError, frameCorrelation, frameKind, Kind, Lane, type Memory, payloadOffset } from "#wire";
import { Drained, type FrameSink, RingReader } from "./ring-reader.ts";
import { RingWriter } from "./ring-writer.ts";

/** Frames that one turn of the event loop takes at most, so that timers and sockets live. */
const FRAMES_PER_TURN = 4096;
const CLOSE_POLL_MS = 2;
/** Where nobody rings for counters, senders look, at first soon, then less often. */
const REPORT_MS_MIN = 2;
const REPORT_MS_MAX = 50;

/** What a carrier needs of the other side besides the rings. */
export interface RingPort {
  /** Rings the other side, which slept or waited for room. */
  wake(): void;
  /** Whether a bell to come keeps the process alive. */
  ref(active: boolean): void;
  /** The other side learns of these at once, not only when it reads the frame: it may be at work. */
  cancel(correlation: number): void;
  grant(correlation: number, items: number): void;
  /** Lets go of the link. Called once. */
  close(): void;
  /** The memory is used no more. Called once, on a turn after `close`: somebody may be reading a message at its end. */
  free?(): void;
  /** The other side broke the protocol; the link ends with this. */
  fault?(cause: BusError): void;
  /** The reader of a lane holds (false) or reads again: who looks at the inbound rings before the loop sleeps, and announces that sleep, must know. */
  setActive(lane: Lane, active: boolean): void;
  /**
   * The other side is the host of a plugin in this process: it rings when somebody waits for its counters or when it ends, and the link
   * keeps the process alive only while something is asked of it. Default: it is another hub, and none of that holds.
   */
  readonly hosted?: boolean;
}

/** Memories of a link's rings, index by Lane. */
export interface RingPair {
  readonly outbound: readonly [Memory, Memory];
  readonly inbound: readonly [Memory, Memory];
}

/**
 * A link over rings in memory that both ends see: frames are written and read in place. `bell` is to be called whenever
 * the other side rings. The link keeps the process alive while a request is unanswered or data is on its way.
 */
export class RingCarrier implements ByteCarrier {
  readonly kind = "bytes";
  readonly transport = "ring";
  readonly peer: PeerIdentity;
  readonly outbound: readonly [RingWriter, RingWriter];

  readonly #port: RingPort;
  readonly #inbound: readonly [RingReader, RingReader];
  /** Of the control lane; data goes straight to the receiver. */
  readonly #sink: FrameSink;
  readonly #held: [boolean, boolean] = [false, false];
  #receiver: ByteReceiver | undefined;
  #closed = false;
  #draining = false;
  #turn: NodeJS.Immediate | undefined;
  /** Requests sent and not answered. */
  #pending = 0;
  /** The data lane waits for a report of its host. */
  #reporting = false;
  #referenced = false;
  /** The other process is gone; what it left in the rings is still read. */
  #ending: BusError | undefined;
  #reportTimer: NodeJS.Timeout | undefined;
  #reportDelayMs = REPORT_MS_MIN;

  constructor(peer: PeerIdentity, rings: RingPair, port: RingPort) {
    this.peer = peer;
    this.#port = port;
    const wake = (): void => {
      if (!this.#closed) port.wake();
    };
    const noticing = {
      request: () => this.#requested(),
      cancel: (correlation: number) => port.cancel(correlation),
      grant: (correlation: number, items: number) => port.grant(correlation, items),
    };
    const faulty = (): void => this.#faultyHeader();
    this.outbound = [
      new ReportedWriter(rings.outbound[Lane.data], wake, faulty, () => this.#awaitReport(Lane.data)),
      new ControlWriter(rings.outbound[Lane.control], wake, faulty, () => this.#awaitReport(Lane.control), noticing),
    ];
    this.#inbound = [new RingReader(rings.inbound[Lane.data], wake), new RingReader(rings.inbound[Lane.control], wake)];
    this.#sink = { frame: (_lane, memory, offset, length) => this.#takeControl(memory, offset, length) };
  }

  open(receiver: ByteReceiver): void {
    if (this.#receiver !== undefined) throw new BusError("core/internal", { details: { reason: "opened twice" } });
    this.#receiver = receiver;
    // On a later turn: the caller is not ready to be called back from within `open`.
    if (!this.#closed) this.#later();
  }

  /** The other side has rung. */
  bell(): void {
    if (this.#turn === undefined) this.#drain();
  }

  resume(lane: Lane): void {
    if (!this.#held[lane]) return;
    this.#held[lane] = false;
    this.#port.setActive(lane, true);
    if (!this.#closed && !this.#draining) this.#later();
  }

  settle(lane: Lane, verdict: number): void {
    this.#inbound[lane].settle(verdict);
  }

  /** The counters lie in the ring's header, where the other side reads them when it wants. */
  reportNow(): void {
    for (const reader of this.#inbound) reader.release();
  }

  async close(drainMs: number): Promise<void> {
    if (this.#closed) return;
    for (const writer of this.outbound) {
      writer.flush();
      writer.closed = true;
    }
    const end = performance.now() + drainMs;
    while (!this.#closed && performance.now() < end && this.outbound.some((writer) => writer.inUse() > 0)) {
      await new Promise((resolve) => setTimeout(resolve, CLOSE_POLL_MS));
    }
    this.abort();
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const writer of this.outbound) {
      writer.closed = true;
      if (!this.#port.hosted) writer.markClosed();
    }
    for (const reader of this.#inbound) {
      reader.stopped = true;
      if (!this.#port.hosted) reader.markClosed();
    }
    clearTimeout(this.#reportTimer);
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#port.close();
    setImmediate(() => {
      for (const writer of this.outbound) writer.end();
      for (const reader of this.#inbound) reader.end();
      this.#port.free?.();
    });
  }

  /** The other process is gone. What it has published is delivered first. */
  lost(reason: string): void {
    if (this.#closed || this.#ending !== undefined) return;
    const peer = this.peer.label;
    this.#ending = this.outbound[Lane.data].consumerClosed()
      ? new BusError("core/closed", { details: { what: `the link to ${peer}` } })
      : new BusError("transport/link-lost", { details: { peer, reason } });
    for (const writer of this.outbound) writer.closed = true;
    for (const reader of this.#inbound) reader.producerEnded();
    this.#later();
  }

  /** The other side broke the protocol. */
  breach(cause: BusError): void {
    if (this.#closed) return;
    this.#port.fault?.(cause);
    this.fail(cause);
  }

  /** On a later turn: whoever found it may be in the middle of a frame. */
  #faultyHeader(): void {
    for (const writer of this.outbound) writer.closed = true;
    setImmediate(() => this.breach(new BusError("wire/malformed-frame", { details: { fault: "CURSOR" } })));
  }

  /** Ends the link with a cause that the receiver is told. */
  fail(cause: BusError): void {
    if (this.#closed) return;
    this.abort();
    this.#receiver?.closed(cause);
  }

  #later(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#drain();
    });
  }

  #drain(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#closed || this.#draining) return;
    this.#draining = true;
    try {
      let rest = false;
      try {
        rest = this.#drainLanes(receiver);
      } finally {
        // Even when the link has ended: callbacks may have published on others.
        receiver.idle();
      }
      if (this.#closed) return;
      if (this.#ending !== undefined) {
        if (this.#inbound.every((reader) => reader.isEmpty())) this.fail(this.#ending);
      } else this.#lookAtWriters(receiver);
      if (!this.#closed && rest) this.#later();
    } finally {
      this.#draining = false;
    }
    this.#updateRef();
  }

  /** Control first. @returns true when the turn's budget ended before the frames did */
  #drainLanes(receiver: ByteReceiver): boolean {
    let budget = FRAMES_PER_TURN;
    for (;;) {
      budget -= this.#drainLane(Lane.control, this.#sink, budget);
      if (this.#closed) return false;
      budget -= this.#drainLane(Lane.data, receiver, budget);
      if (this.#closed) return false;
      if (budget <= 0) return true;
      if (this.#isDrained()) return false;
    }
  }

  /** @returns frames taken */
  #drainLane(lane: Lane, sink: FrameSink, budget: number): number {
    if (this.#held[lane]) return 0;
    const reader = this.#inbound[lane];
    const ended = reader.drain(sink, lane, budget);
    if (ended === Drained.held) {
      this.#held[lane] = true;
      this.#port.setActive(lane, false);
    } else if (ended === Drained.fault) {
      this.breach(new BusError("wire/malformed-frame", { details: { fault: reader.fault } }));
    }
    return reader.taken;
  }

  /** Who looks at the rings until the loop sleeps announces that. */
  #isDrained(): boolean {
    return this.#inbound.every((reader, lane) => this.#held[lane] || reader.isEmpty());
  }

  #takeControl(memory: Memory, offset: number, length: number): number {
    const kind = frameKind(memory, offset);
    const verdict = this.#receiver!.frame(Lane.control, memory, offset, length);
    if (verdict !== HOLD && (kind === Kind.response || kind === Kind.error || kind === Kind.streamEnd)) {
      if (this.#pending > 0) this.#pending--;
    }
    return verdict;
  }

  #lookAtWriters(receiver: ByteReceiver): void {
    for (let lane = 0; lane < 2 && !this.#closed; lane++) {
      const writer = this.outbound[lane];
      if (this.#port.hosted && writer.consumerClosed()) {
        this.fail(
          new BusError("transport/link-lost", {
            details: { peer: this.peer.label, reason: "the other side closed it" },
          }),
        );
        return;
      }
      // Asked again before the look, and also when nothing has moved: the ring of the bell has used the last request up.
      if (this.#reporting && lane === Lane.data) this.#reporting = writer.wantReport();
      if (writer.moved()) receiver.reported(lane as Lane);
      if (!this.#closed && writer.wantsRoom && writer.hasRoom()) {
        writer.wantsRoom = false;
        receiver.writable(lane as Lane);
      }
    }
  }

  #awaitReport(lane: Lane): void {
    if (this.#closed) return;
    // Nobody waits for the counters of requests, whose answers come anyway: a ring for each would cost more than the request.
    if (!this.#port.hosted || lane === Lane.control) {
      if (this.#reportTimer === undefined) this.#lookLater(REPORT_MS_MIN);
      return;
    }
    if (this.#reporting) return;
    if (this.outbound[lane].wantReport()) this.#reporting = true;
    else this.#later(); // it has all been taken already: say so on the next turn
    this.#updateRef();
  }

  /** Looks at the counters while anything is on its way. */
  #lookLater(ms: number): void {
    this.#reportDelayMs = ms;
    this.#reportTimer = setTimeout(() => {
      this.#reportTimer = undefined;
      const receiver = this.#receiver;
      if (this.#closed || receiver === undefined) return;
      // Asked before the look: what settles behind the look keeps its lane open for one more of them, else nobody would hear.
      const open = this.outbound.some((writer) => writer.inUse() > 0 || writer.unsettled());
      let moved = false;
      for (let lane = 0; lane < 2 && !this.#closed; lane++) {
        if (!this.outbound[lane].moved()) continue;
        moved = true;
        receiver.reported(lane as Lane);
      }
      // A flush from within `reported` may have set the next look already.
      if (this.#closed || !open || this.#reportTimer !== undefined) return;
      this.#lookLater(moved ? REPORT_MS_MIN : Math.min(REPORT_MS_MAX, this.#reportDelayMs * 2));
    }, ms);
    this.#reportTimer.unref();
  }

  #requested(): void {
    if (!this.#port.hosted) return;
    this.#pending++;
    this.#updateRef();
  }

  #updateRef(): void {
    const needed = !this.#closed && (this.#pending > 0 || this.#reporting);
    if (needed === this.#referenced || this.#closed) return;
    this.#referenced = needed;
    this.#port.ref(needed);
  }
}

/** Sees to it that senders hear when what they sent has been delivered. */
class ReportedWriter extends RingWriter {
  readonly #flushed: () => void;

  constructor(memory: Memory, wake: () => void, faulty: () => void, flushed: () => void) {
    super(memory, wake, faulty);
    this.#flushed = flushed;
  }

  override flush(): void {
    if (!this.dirty) return;
    super.flush();
    this.#flushed();
  }
}

interface Noticing {
  request(): void;
  cancel(correlation: number): void;
  grant(correlation: number, items: number): void;
}

/** Notices the frames that the other side must know of while it is at work. */
class ControlWriter extends ReportedWriter {
  readonly #noticing: Noticing;
  readonly #credit: ReturnType<typeof Credit.view>;

  constructor(memory: Memory, wake: () => void, faulty: () => void, flushed: () => void, noticing: Noticing) {
    super(memory, wake, faulty, flushed);
    this.#noticing = noticing;
    this.#credit = Credit.view(memory);
  }

  override commit(bytes: number): void {
    const { memory, offset } = this;
    super.commit(bytes);
    switch (frameKind(memory, offset)) {
      case Kind.request:
        this.#noticing.request();
        break;
      case Kind.cancel:
        this.#noticing.cancel(frameCorrelation(memory, offset));
        break;
      case Kind.credit: {
        const correlation = frameCorrelation(memory, offset);
        if (correlation !== 0)
          this.#noticing.grant(correlation, this.#credit.at(payloadOffset(memory, offset)).streamItems);
      }
    }
  }
}
