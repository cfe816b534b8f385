import { randomBytes } from "node:crypto";
import { Dealer, type EventOfType } from "zeromq";
import { Hello, Refuse } from "#generated/busbar/control";
import type { DialOptions } from "#transport";
import { BusError, checkFrame, frameKind, frameLength, Kind, Memory, paddedBytes, payloadOffset } from "#wire";
import { SocketCarrier } from "./carrier.ts";
import type { Household } from "./household.ts";
import { HANDSHAKE_BYTES_MAX, KEEP_ALIVE, LINGER_MS, READ_AHEAD_MESSAGES, zmqMessageBytesMax } from "./limits.ts";
import type { Pipe } from "./pipe.ts";
import { ReadLoop } from "./read-loop.ts";
import type { Scheme, Target } from "./scheme.ts";

/** A security handshake that failed this often will not succeed: ZeroMQ itself would go on ten times a second. */
const TRIES = 3;
const RECONNECT_MS = 50;

/** One attempt to connect; see `dial` of Transport. */
export const dial = async (scheme: Scheme, household: Household, options: DialOptions): Promise<SocketCarrier> => {
  const started = household.clock.now();
  const remainingMs = (): number => Math.max(1, household.timing.handshakeMs - (household.clock.now() - started));
  const target = await scheme.target(options.address, options.signal, remainingMs());
  if (options.signal.aborted) throw cancelled(target.label);
  return new Attempt(scheme, household, options, target).run(remainingMs());
};

const cancelled = (label: string): BusError =>
  new BusError("core/cancelled", { details: { what: `dialing ${label}` } });

class Attempt {
  readonly #scheme: Scheme;
  readonly #household: Household;
  readonly #options: DialOptions;
  readonly #target: Target;
  readonly #dealer: Dealer;
  readonly #reading: ReadLoop;
  #carrier: SocketCarrier | undefined;
  #settled = false;
  #connected = false;
  #greeted = false;
  #failures = 0;
  #resolve: (carrier: SocketCarrier) => void = () => {};
  #reject: (error: BusError) => void = () => {};
  #cleanUp: (() => void)[] = [];

  constructor(scheme: Scheme, household: Household, options: DialOptions, target: Target) {
    this.#scheme = scheme;
    this.#household = household;
    this.#options = options;
    this.#target = target;
    this.#dealer = new Dealer({
      ...(scheme.context === undefined ? {} : { context: scheme.context }),
      ...KEEP_ALIVE,
      // Unguessable, so that nobody can take the place of a connection that has just ended.
      routingId: randomBytes(16).toString("base64url"),
      linger: LINGER_MS,
      immediate: true,
      sendHighWaterMark: 0,
      receiveHighWaterMark: READ_AHEAD_MESSAGES,
      maxMessageSize: zmqMessageBytesMax(options.frameBytesMax),
      handshakeInterval: household.timing.handshakeMs,
      reconnectInterval: RECONNECT_MS,
      ...target.options,
    });
    this.#reading = new ReadLoop(this.#dealer, (parts) => this.#message(parts), household.moved);
  }

  run(ms: number): Promise<SocketCarrier> {
    const dealer = this.#dealer;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      // Keeps the process alive: someone awaits the attempt.
      const timer = setTimeout(() => this.#timedOut(), ms);
      const aborted = (): void => this.#fail(cancelled(this.#target.label));
      const { signal } = this.#options;
      signal.addEventListener("abort", aborted, { once: true });
      this.#cleanUp.push(
        () => clearTimeout(timer),
        () => signal.removeEventListener("abort", aborted),
      );
      this.#watch();
      try {
        dealer.connect(this.#target.endpoint);
        this.#greet(ms);
      } catch (error) {
        this.#fail(this.#unreachable(String(error)));
      }
    });
  }

  /**
   * With `immediate`, sending waits until ZeroMQ's own handshake is done. Reading starts after that: `receive` beside a waiting
   * `send` can swallow the event that the send waits for, and later sends never wait.
   */
  #greet(ms: number): void {
    this.#dealer.sendTimeout = Math.ceil(ms) + 1000;
    this.#dealer.send(Buffer.from(this.#options.hello)).then(
      () => {
        if (this.#dealer.closed) return;
        this.#greeted = true;
        this.#dealer.sendTimeout = 0;
        this.#reading.start();
      },
      () => {},
    );
  }

  #watch(): void {
    const { events } = this.#dealer;
    events.on("connect", () => {
      this.#connected = true;
    });
    events.on("disconnect", () => {
      if (this.#carrier !== undefined) return this.#carrier.unreachable("the connection was closed");
      if (this.#greeted) return this.#fail(this.#unreachable("it closed the connection before it answered"));
      this.#connected = false;
      if (++this.#failures >= TRIES) this.#fail(this.#insecure());
    });
    events.on("connect:retry", () => {
      if (this.#failures === 0 && !this.#connected) this.#fail(this.#unreachable("nobody listens there"));
    });
    events.on("handshake:error:auth", (event: EventOfType<"handshake:error:auth">) => {
      const reason = `its allow-list does not have the key of this node (${event.error.status})`;
      this.#fail(
        new BusError("wire/refused", { details: { peer: this.#target.label, code: "wire/unknown-key", reason } }),
      );
    });
    events.on("handshake:error:protocol", () => this.#fail(this.#insecure()));
  }

  /** Somebody is there and ends the handshake of ZeroMQ each time: no waiting cures that, so it is worth a line in the log. */
  #insecure(): BusError {
    const reason = this.#scheme.features.encrypted
      ? "the CURVE handshake failed; is the public key of that node in the keys folder of this one current?"
      : "it ended the ZeroMQ handshake; does it demand CURVE keys that this node does not have?";
    return new BusError("transport/unreachable", { details: { address: this.#target.label, reason, lasting: true } });
  }

  #message(parts: Buffer[]): void {
    const message = parts[0];
    const carrier = this.#carrier;
    if (carrier === undefined) {
      if (!this.#settled) this.#answer(parts);
    } else if (parts.length !== 1) carrier.fault("PARTS");
    else {
      const { length } = message; // it may be empty once it is taken
      carrier.message(this.#household.scratch.take(message), length);
    }
  }

  /** The first message: WELCOME or REFUSE, alone. */
  #answer(parts: Buffer[]): void {
    try {
      const memory = this.#soundAnswer(parts);
      const frame = memory.u8.slice(0, frameLength(memory, 0));
      if (frameKind(memory, 0) === Kind.refuse) throw this.#refusal(memory);
      const windowOut = this.#options.accept(frame);
      this.#succeed(windowOut);
    } catch (error) {
      this.#fail(BusError.from(error, "wire/bad-handshake"));
    }
  }

  #soundAnswer(parts: Buffer[]): Memory {
    const bad = (reason: string): BusError =>
      new BusError("wire/bad-handshake", { details: { peer: this.#target.label, reason } });
    const message = parts[0];
    if (parts.length !== 1) throw bad("its answer has several parts");
    if (message.length > HANDSHAKE_BYTES_MAX) throw bad(`its answer has ${message.length} bytes`);
    const memory = Memory.copyOf(message);
    const fault = checkFrame(memory, 0, message.length);
    if (fault === "VERSION") {
      throw new BusError("wire/unsupported-version", { details: { theirs: message[5], ours: 1 } });
    }
    if (fault !== undefined) throw bad(`frame fault ${fault}`);
    const length = frameLength(memory, 0);
    const kind = frameKind(memory, 0);
    if (kind !== Kind.welcome && kind !== Kind.refuse) throw bad(`kind ${kind} came first`);
    if (message.length !== length && message.length !== paddedBytes(length)) throw bad("something follows its answer");
    return memory;
  }

  #refusal(memory: Memory): BusError {
    const peer = this.#target.label;
    const payload = payloadOffset(memory, 0);
    if (!Refuse.verify(memory, payload, frameLength(memory, 0))) {
      return new BusError("wire/refused", { details: { peer, reason: "(without a readable reason)" } });
    }
    const { code, text } = Refuse.decode(memory, payload);
    return new BusError("wire/refused", { details: { peer, code, reason: text ?? code } });
  }

  #succeed(windowOut: number): void {
    const household = this.#household;
    const dealer = this.#dealer;
    const { label } = this.#target;
    const failed = ({ code }: { code?: string }): void => carrier.unreachable(`sending failed (${code})`);
    let ended = false;
    const pipe: Pipe = {
      label,
      send: (bytes) => {
        if (!ended) dealer.send(bytes).then(undefined, failed);
      },
      end: () => {
        ended = true;
        this.#reading.stop();
        dealer.close();
      },
    };
    const carrier: SocketCarrier = new SocketCarrier({
      transport: household.name,
      peer: { label },
      pipe,
      windowOut,
      windowIn: grantedWindow(this.#options.hello),
      frameBytesMax: this.#options.frameBytesMax,
      staging: household.staging,
      moved: household.moved,
      clock: household.clock,
      timing: household.timing,
      faults: household.faults(this.#options.log),
    });
    this.#carrier = carrier;
    household.adopt(carrier);
    this.#settle();
    this.#resolve(carrier);
  }

  #timedOut(): void {
    const peer = this.#target.label;
    const timeout = `${this.#household.timing.handshakeMs} ms`;
    if (this.#greeted) this.#fail(new BusError("wire/handshake-timeout", { details: { peer, timeout } }));
    else this.#fail(this.#failures > 0 ? this.#insecure() : this.#unreachable(`no answer within ${timeout}`));
  }

  #unreachable(reason: string): BusError {
    return new BusError("transport/unreachable", { details: { address: this.#target.label, reason } });
  }

  #fail(error: BusError): void {
    if (this.#settled) return;
    this.#settle();
    this.#dealer.linger = 0;
    this.#reading.stop();
    this.#dealer.close();
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    for (const undo of this.#cleanUp) undo();
    this.#cleanUp = [];
  }
}

/** Data-lane window that a HELLO of this side grants, bytes. */
const grantedWindow = (hello: Uint8Array): number => {
  const memory = Memory.copyOf(hello);
  return Hello.decode(memory, payloadOffset(memory, 0)).windowBytes;
};
