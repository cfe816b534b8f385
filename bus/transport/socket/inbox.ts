import { Router } from "zeromq";
import { Hello, Welcome } from "#generated/busbar/control";
import type { Address, Admission, Listener, ListenOptions } from "#transport";
import { checkFrame, frameKind, frameLength, Kind, Memory, paddedBytes, payloadOffset } from "#wire";
import { SocketCarrier } from "./carrier.ts";
import type { Household } from "./household.ts";
import {
  HANDSHAKE_BYTES_MAX,
  KEEP_ALIVE,
  LINGER_MS,
  READ_AHEAD_MESSAGES,
  STRANGERS_MAX,
  zmqMessageBytesMax,
} from "./limits.ts";
import type { Pipe } from "./pipe.ts";
import { ReadLoop } from "./read-loop.ts";
import type { Binding, Scheme } from "./scheme.ts";

/** After a disconnect somewhere, who is gone is found by asking all; twice, since the first may come too early. ms */
const PROBE_MS = [1, 25];
const BIND_PAUSE_MS = 40;

interface Peer {
  readonly key: string;
  readonly id: Buffer;
  readonly label: string;
}

/** The ROUTER of one process: tells peers apart by routing id, judges HELLOs, feeds carriers. */
export class Inbox implements Listener {
  address: Address;
  readonly #household: Household;
  readonly #options: ListenOptions;
  readonly #binding: Binding;
  readonly #router: Router;
  readonly #carriers = new Map<string, SocketCarrier>();
  readonly #strangers = new Set<string>();
  readonly #reading: ReadLoop;
  /** Of the last message: most come from the peer before, and a key costs more than a look. */
  #last: { readonly id: Buffer; readonly carrier: SocketCarrier } | undefined;
  #ended = false;
  #closing = false;
  #probing = false;
  #probeAgain = false;
  #closed: Promise<void>;
  #finish: () => void = () => {};

  static async open(scheme: Scheme, household: Household, options: ListenOptions): Promise<Inbox> {
    const binding = await scheme.prepare(options);
    let router: Router | undefined;
    try {
      router = new Router({
        ...(scheme.context === undefined ? {} : { context: scheme.context }),
        ...KEEP_ALIVE,
        linger: LINGER_MS,
        mandatory: true,
        // Credits bound what waits here. A high-water mark would only turn one stuck peer into EAGAIN for its own frames.
        sendHighWaterMark: 0,
        sendTimeout: 0,
        receiveHighWaterMark: READ_AHEAD_MESSAGES,
        maxMessageSize: zmqMessageBytesMax(options.frameBytesMax),
        handshakeInterval: household.timing.handshakeMs,
        ...binding.options,
      });
      await bindPatiently(binding, router);
      return new Inbox(household, options, binding, router);
    } catch (error) {
      router?.close();
      binding.release();
      throw error;
    }
  }

  private constructor(household: Household, options: ListenOptions, binding: Binding, router: Router) {
    this.#household = household;
    this.#options = options;
    this.#binding = binding;
    this.#router = router;
    this.address = binding.bound(router);
    this.#closed = new Promise((resolve) => {
      this.#finish = resolve;
    });
    router.events.on("disconnect", () => this.#probeAll(0));
    this.#reading = new ReadLoop(router, (parts) => this.#message(parts), household.moved);
    this.#reading.start();
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#closeWhenEmpty();
    return this.#carriers.size > 0 ? Promise.resolve() : this.#closed;
  }

  /** ZeroMQ's unbind may end accepted connections with it, so the socket stays until the last carrier is gone. */
  #closeWhenEmpty(): void {
    if (!this.#closing || this.#carriers.size > 0 || this.#ended) return;
    this.#ended = true;
    this.#reading.stop();
    this.#router.close();
    this.#binding.release();
    this.#finish();
  }

  #message(parts: Buffer[]): void {
    const carrier = this.#carrierOf(parts[0]);
    const message = parts[1];
    if (carrier === undefined) this.#stranger(parts);
    else if (parts.length !== 2) carrier.fault("PARTS");
    else {
      const { length } = message; // it may be empty once it is taken
      carrier.message(this.#household.scratch.take(message), length);
    }
  }

  #carrierOf(id: Buffer): SocketCarrier | undefined {
    if (this.#last !== undefined && isSame(id, this.#last.id)) return this.#last.carrier;
    const carrier = this.#carriers.get(keyOf(id));
    if (carrier !== undefined) this.#last = { id, carrier };
    return carrier;
  }

  /**
   * Nothing is kept for an unknown peer but, when its first message was not an acceptable HELLO, its id in a bounded set:
   * the judgement is made here and now.
   */
  #stranger(parts: Buffer[]): void {
    const [id] = parts;
    const key = keyOf(id);
    if (this.#closing || this.#strangers.has(key)) return;
    const peer: Peer = {
      key,
      id: Buffer.from(id),
      label: `${this.#binding.label} peer ${id.toString("hex").slice(0, 12)}`,
    };
    const message = parts[1];
    const fault = this.#helloFault(parts);
    if (fault !== undefined) {
      this.#turnAway(peer, fault);
      return;
    }
    const memory = this.#household.scratch.fill(message);
    const hello = memory.u8.slice(0, frameLength(memory, 0));
    const windowOut = Hello.decode(memory, payloadOffset(memory, 0)).windowBytes;
    let admission: Admission;
    try {
      admission = this.#options.admit(hello, { label: peer.label });
    } catch (error) {
      this.#options.log.error({ peer: peer.label, error: String(error) }, "a HELLO could not be judged");
      this.#turnAway(peer, "ADMIT");
      return;
    }
    if ("refuse" in admission) {
      this.#remember(key);
      this.#send(peer, Buffer.from(admission.refuse), () => {});
      return;
    }
    this.#attach(peer, admission, Math.min(windowOut, admission.windowBytesMax ?? windowOut));
  }

  #attach(peer: Peer, admission: Exclude<Admission, { refuse: Uint8Array }>, windowOut: number): void {
    const failed = ({ code }: { code?: string }): void =>
      carrier.unreachable(code === "EHOSTUNREACH" ? "the connection was closed" : String(code));
    const pipe: Pipe = {
      label: peer.label,
      send: (bytes) => this.#send(peer, bytes, failed),
      end: () => {
        this.#carriers.delete(peer.key);
        this.#last = undefined;
        this.#remember(peer.key);
        this.#closeWhenEmpty();
      },
    };
    const carrier: SocketCarrier = new SocketCarrier({
      transport: this.#household.name,
      peer: { label: peer.label },
      pipe,
      windowOut,
      windowIn: grantedWindow(admission.welcome),
      frameBytesMax: this.#options.frameBytesMax,
      staging: this.#household.staging,
      moved: this.#household.moved,
      clock: this.#household.clock,
      timing: this.#household.timing,
      faults: this.#household.faults(this.#options.log),
    });
    this.#carriers.set(peer.key, carrier);
    this.#household.adopt(carrier);
    this.#send(peer, Buffer.from(admission.welcome), failed);
    admission.attach(carrier);
  }

  #helloFault(parts: Buffer[]): string | undefined {
    const { length } = parts[1];
    if (parts.length !== 2 || length > HANDSHAKE_BYTES_MAX) return "NOT_HELLO";
    const memory = this.#household.scratch.fill(parts[1]);
    const fault = checkFrame(memory, 0, length);
    if (fault !== undefined) return fault;
    if (frameKind(memory, 0) !== Kind.hello) return "NOT_HELLO";
    const bytes = frameLength(memory, 0);
    if (length !== bytes && length !== paddedBytes(bytes)) return "NOT_HELLO";
    return Hello.verify(memory, payloadOffset(memory, 0), bytes) ? undefined : "HELLO";
  }

  #turnAway(peer: Peer, fault: string): void {
    this.#remember(peer.key);
    const faults = this.#household.faults(this.#options.log);
    faults.count(fault, { peer: peer.label }, "ignored a peer that did not begin with a sound HELLO");
  }

  #remember(key: string): void {
    if (this.#strangers.size >= STRANGERS_MAX) {
      for (const oldest of this.#strangers) {
        this.#strangers.delete(oldest);
        break;
      }
    }
    this.#strangers.add(key);
  }

  #send(peer: Peer, bytes: Buffer, failed: (error: { code?: string }) => void): void {
    if (this.#ended) failed({ code: "EHOSTUNREACH" });
    else this.#router.send([peer.id, bytes]).then(undefined, failed);
  }

  /** ROUTER events do not say whose connection ended. Sending to a peer that is gone fails at once. */
  #probeAll(round: number): void {
    if (round === 0) {
      this.#probeAgain = this.#probing;
      if (this.#probing) return;
      this.#probing = true;
    }
    if (round === PROBE_MS.length) {
      this.#probing = false;
      if (this.#probeAgain) this.#probeAll(0);
      return;
    }
    this.#household.clock.after(PROBE_MS[round], () => {
      for (const carrier of this.#carriers.values()) carrier.probe();
      this.#probeAll(round + 1);
    });
  }
}

/** Of a peer in maps and sets. */
const keyOf = (id: Buffer): string => id.toString("latin1");

const isSame = (a: Buffer, b: Buffer): boolean => {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
};

/** A port is free only some milliseconds after the socket that had it was closed, in this process too. */
const bindPatiently = async (binding: Binding, router: Router): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return binding.bind(router);
    } catch (error) {
      if (attempt >= binding.bindAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, BIND_PAUSE_MS));
    }
  }
};

/** Data-lane window that a WELCOME of this side grants, bytes. */
const grantedWindow = (welcome: Uint8Array): number => {
  const memory = Memory.copyOf(welcome);
  return Welcome.decode(memory, payloadOffset(memory, 0)).windowBytes;
};
