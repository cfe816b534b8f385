import type { NodeKeys } from "./keys.ts";

/** Times in milliseconds. Tests shorten them; the defaults are those of docs/wire.md. */
export interface SocketOptions {
  /** A peer that was silent this long is asked for a sign of life. Default 1,000. */
  readonly heartbeatMs?: number;
  /** A peer that was silent this long is given up. Default 5,000. */
  readonly deadMs?: number;
  /** Pause between two reports of released frames that travel alone. Default 2. */
  readonly creditDelayMs?: number;
  /** For one dial, from connecting to WELCOME. Default 5,000. */
  readonly handshakeMs?: number;
  readonly clock?: SocketClock;
  /** Begins to look at this thread's sockets before it sleeps: what comes meanwhile needs no wake of a processor. Default: it sleeps at once. */
  readonly look?: () => Look;
  /**
   * Gives the bytes of a buffer back at once, which is empty afterwards; used for received messages, once copied. Default: they go when
   * they are collected, which takes a third of a busy reader's time.
   */
  readonly release?: (buffer: ArrayBuffer) => void;
}

/** Somebody looks at this thread's sockets before it sleeps. */
export interface Look {
  /** One number, to which each byte sent or received is added; who looks takes it back to 0, and sees by it whether looking is worth while. */
  readonly moved: Uint32Array;
  /** To be called once. */
  end(): void;
}

export interface TcpOptions extends SocketOptions {
  /** This node's CURVE keys and the public keys of all nodes. Needed for hosts that are not loopback. */
  readonly keys?: NodeKeys;
}

/** Time, handed in. */
export interface SocketClock {
  /** Monotonic, ms. */
  now(): number;
  /** @returns cancels the timer. Timers must not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export interface Timing {
  readonly heartbeatMs: number;
  readonly deadMs: number;
  readonly creditDelayMs: number;
  readonly handshakeMs: number;
}

export const timingOf = (options: SocketOptions): Timing => ({
  heartbeatMs: options.heartbeatMs ?? 1000,
  deadMs: options.deadMs ?? 5000,
  creditDelayMs: options.creditDelayMs ?? 2,
  handshakeMs: options.handshakeMs ?? 5000,
});

export const systemClock: SocketClock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
