import type { Dealer, Router } from "zeromq";
import { READ_BUDGET_BYTES, READ_BUDGET_MESSAGES } from "./limits.ts";

/**
 * Reads a socket until it is closed. Plain promise callbacks instead of an async iterator: half the cost per message.
 * After a budget of bytes or messages the event loop gets a turn, so that timers and other sockets live.
 */
export class ReadLoop {
  /** Messages read so far. */
  count = 0;
  readonly #socket: Dealer | Router;
  readonly #handle: (parts: Buffer[]) => void;
  readonly #moved: Uint32Array;
  #bytes = 0;
  #messages = 0;
  #stopped = false;

  /** @param moved one number, to which the bytes received are added */
  constructor(socket: Dealer | Router, handle: (parts: Buffer[]) => void, moved: Uint32Array) {
    this.#moved = moved;
    this.#socket = socket;
    this.#handle = handle;
  }

  start(): void {
    this.#next();
  }

  /** The socket is about to be closed. Told, because asking the socket is a call into native code for each message. */
  stop(): void {
    this.#stopped = true;
  }

  readonly #next = (): void => {
    if (this.#stopped) return;
    this.#socket.receive().then(this.#got, this.#failed);
  };

  readonly #got = (parts: Buffer[]): void => {
    this.count++;
    // Asked before: whoever has taken a message may have given its memory back.
    const bytes = parts[parts.length - 1].length;
    this.#handle(parts);
    this.#moved[0] += bytes;
    this.#bytes += bytes;
    if (++this.#messages < READ_BUDGET_MESSAGES && this.#bytes < READ_BUDGET_BYTES) {
      this.#next();
      return;
    }
    this.#messages = this.#bytes = 0;
    setImmediate(this.#next);
  };

  /** A closed socket ends the loop; EINTR and the like must not. */
  readonly #failed = (): void => {
    if (!this.#stopped) setImmediate(this.#next);
  };
}
