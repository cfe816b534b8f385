import { Memory } from "#wire";

const FIRST_BYTES = 256 * 1024;

/**
 * The block that every arrived message is copied into before anyone reads it. Delivery is synchronous, so one is enough for
 * a transport. A message kept as ZeroMQ hands it over would pin its network buffer, and has no alignment to rely on.
 */
export class Scratch {
  #memory: Memory = Memory.allocate(FIRST_BYTES);
  #largeUsed = false;

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
