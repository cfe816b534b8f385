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
  #bytes = 0;
  #messages = 0;
  #stopped = false;

  constructor(socket: Dealer | Router, handle: (parts: Buffer[]) => void) {
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
    this.#handle(parts);
    this.#bytes += parts[parts.length - 1].length;
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
