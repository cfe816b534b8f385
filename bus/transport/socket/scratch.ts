import { Memory } from "#wire";
import { POOLED_BYTES_MIN } from "./limits.ts";

const FIRST_BYTES = 256 * 1024;

/**
 * The block that every arrived message is copied into before anyone reads it. Delivery is synchronous, so one is enough for
 * a transport. A message kept as ZeroMQ hands it over would pin its network buffer, and has no alignment to rely on.
 */
export class Scratch {
  #memory: Memory = Memory.allocate(FIRST_BYTES);
  #largeUsed = false;
  readonly #release: ((buffer: ArrayBuffer) => void) | undefined;

  /** @param release gives the bytes of a buffer back at once */
  constructor(release?: (buffer: ArrayBuffer) => void) {
    this.#release = release;
  }

  /** As `fill`, for a message that nobody looks at afterwards: it may be empty then. */
  take(message: Buffer): Memory {
    const memory = this.fill(message);
    const { buffer, length } = message;
    if (this.#release !== undefined && length >= POOLED_BYTES_MIN && buffer.byteLength === length)
      this.#release(buffer as ArrayBuffer);
    return memory;
  }

  fill(message: Buffer): Memory {
    if (message.length > FIRST_BYTES) this.#grow(message.length);
    this.#memory.u8.set(message);
    return this.#memory;
  }

  /** Called now and then: gives a grown block back when no large message came since. */
  trim(): void {
    if (this.#memory.size > FIRST_BYTES && !this.#largeUsed) this.#memory = Memory.allocate(FIRST_BYTES);
    this.#largeUsed = false;
  }

  #grow(bytes: number): void {
    this.#largeUsed = true;
    let size = this.#memory.size;
    while (size < bytes) size *= 2;
    if (size > this.#memory.size) this.#memory = Memory.allocate(size);
  }
}
