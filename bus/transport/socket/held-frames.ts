import { frameLength, Memory, paddedBytes } from "#wire";

const FIRST_BYTES = 16 * 1024;
/** An emptied block larger than this is given back: one stopped reader must not leave its peak behind for ever. */
const KEPT_BYTES = 256 * 1024;

/** Frames of one lane that the receiver did not take yet, in order, as copies. The granted window bounds them. */
export class HeldFrames {
  #memory: Memory | undefined;
  #head = 0;
  #tail = 0;

  get empty(): boolean {
    return this.#head === this.#tail;
  }

  get bytes(): number {
    return this.#tail - this.#head;
  }

  /** The block that `head` lies in; changes with `push`. */
  get memory(): Memory {
    return this.#memory as Memory;
  }

  /** Offset of the oldest frame. */
  get head(): number {
    return this.#head;
  }

  push(source: Memory, offset: number, length: number): void {
    const bytes = paddedBytes(length);
    const memory = this.#roomFor(bytes);
    source.text.copy(memory.text, this.#tail, offset, offset + length);
    this.#tail += bytes;
  }

  /** Forgets the oldest frame. */
  shift(): void {
    this.#head += paddedBytes(frameLength(this.memory, this.#head));
    if (this.#head === this.#tail) this.#reset();
  }

  clear(): void {
    this.#memory = undefined;
    this.#head = this.#tail = 0;
  }

  #reset(): void {
    this.#head = this.#tail = 0;
    if (this.memory.size > KEPT_BYTES) this.#memory = undefined;
  }

  #roomFor(bytes: number): Memory {
    const old = this.#memory;
    if (old !== undefined && this.#tail + bytes <= old.size) return old;
    const kept = this.bytes;
    // Moving down is enough when half the block is free; growing by doubling keeps the copying linear.
    let size = old?.size ?? FIRST_BYTES;
    if (kept + bytes > size / 2) while (kept + bytes > size) size *= 2;
    const memory = old !== undefined && size === old.size ? old : Memory.allocate(size);
    if (old !== undefined) memory.text.set(old.text.subarray(this.#head, this.#tail), 0);
    this.#memory = memory;
    this.#head = 0;
    this.#tail = kept;
    return memory;
  }
}
