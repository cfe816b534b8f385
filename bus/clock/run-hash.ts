import { createHash, type Hash } from "node:crypto";

/** SHA-256 over (tick, hash) pairs, each two little-endian u64. */
export class RunHash {
  readonly #hash: Hash = createHash("sha256");
  readonly #pair: Buffer = Buffer.alloc(16);

  add(tick: bigint, hash: bigint): void {
    this.#pair.writeBigUInt64LE(tick, 0);
    this.#pair.writeBigUInt64LE(hash, 8);
    this.#hash.update(this.#pair);
  }

  /** Of what was added so far, 64 hex digits. */
  get hex(): string {
    return this.#hash.copy().digest("hex");
  }
}
