/** Longer runs of what `npm test` fuzzes briefly: the native fuzzers, and mutated rings and handshakes in TypeScript. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Hello } from "#generated/busbar/control";
import { Blob, Order } from "#generated/busbar/testing";
import { DELIVERED } from "#transport";
import { RING_HEADER_BYTES, RingReader, RingWriter, Word } from "#transport/ring";
import { Kind, Lane, Memory, payloadOffset, writeHeader } from "#wire";

export interface FuzzResult {
  readonly suite: "fuzz";
  readonly seed: number;
  readonly seconds: number;
  readonly inputs: Record<string, string | number>;
  readonly faults: string[];
}

const CAPACITY = 8192;
const TYPES = [Blob, Order, Hello];

class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 1;
  }
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0;
    return this.#state ^ (this.#state >>> 15);
  }
  below(n: number): number {
    return (this.next() >>> 0) % n;
  }
}

const VALUES: readonly object[] = [
  { seq: 7, data: Uint8Array.of(1, 2, 3) },
  { seq: 1, id: 9n, symbol: "DE0007", note: "Grüße", levels: [{ price: 1, quantity: 2 }, { price: 3 }] },
  {
    versions: Uint8Array.of(1),
    service: "a",
    target: "b",
    planHash: "0".repeat(64),
    epoch: 3,
    types: [{ name: "t.A", typeId: 4, role: 1, fingerprint: "f", lineage: ["f", "g"] }],
  },
];

/** One sound ring, some bytes of it changed, read to the end. @returns frames taken */
const ringOnce = (dice: Dice): number => {
  const memory = Memory.allocate(RING_HEADER_BYTES + CAPACITY);
  const start = dice.next() & ~7;
  memory.i32[Word.head] = start;
  memory.i32[Word.tail] = start;
  const writer = new RingWriter(memory, () => undefined);
  const reader = new RingReader(memory, () => undefined);
  for (let left = dice.below(30); left > 0; left--) {
    const which = dice.below(TYPES.length);
    const type = TYPES[which];
    const offset = writer.claim(1024);
    if (offset < 0) break;
    const end = type.encode(memory, offset + 64, writer.limit, VALUES[which] as never);
    if (end < 0) break;
    const { typeId, fingerprintLo, fingerprintHi } = type;
    const length = end - offset;
    writeHeader(
      memory,
      offset,
      length,
      Kind.data,
      64,
      typeId,
      1,
      fingerprintLo,
      fingerprintHi,
      1,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      Lane.data,
    );
    writer.commit(length);
  }
  writer.flush();
  for (let left = dice.below(20); left > 0; left--) memory.u8[RING_HEADER_BYTES + dice.below(CAPACITY)] = dice.next();
  if (dice.below(4) === 0)
    memory.i32[Word.tail] = dice.below(2) === 0 ? dice.next() : start + (dice.below(CAPACITY) & ~7);
  let taken = 0;
  const sink = {
    frame: (_lane: Lane, m: Memory, offset: number, length: number): number => {
      if (offset < RING_HEADER_BYTES || offset + length > m.size)
        throw new Error(`a frame outside: ${offset}, ${length}`);
      if (++taken > CAPACITY / 64) throw new Error("more frames than fit");
      const payload = payloadOffset(m, offset);
      for (const type of TYPES) if (type.verify(m, payload, offset + length)) type.decode(m, payload);
      return DELIVERED;
    },
  };
  reader.drain(sink, Lane.data, 10_000);
  return taken;
};

const native = (path: string, seconds: number, seed: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(path, ["--seconds", String(seconds), "--seed", String(seed)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const out of [child.stdout, child.stderr]) {
      out.on("data", (chunk) => {
        text += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(text.trim());
      else reject(new Error(`${path} ended with ${signal ?? code}: ${text}`));
    });
  });

export const runFuzz = async (seconds: number, seed: number, count: number): Promise<FuzzResult> => {
  const start = performance.now();
  const folder = join(import.meta.dirname, "..", "..", "..", ".build", "native", "release");
  const fuzzers = [
    "native/core/frame_fuzz",
    "native/core/ring_fuzz",
    "native/core/rendezvous_fuzz",
    "native/core/telemetry_fuzz",
    "native/testing/clock_fuzz",
    "services/cards/cards_fuzz",
  ].filter((name) => existsSync(join(folder, name)));
  const share = Math.max(1, Math.floor(seconds / (fuzzers.length + 1)));
  const inputs: Record<string, string | number> = {};
  const faults: string[] = [];
  const end = performance.now() + share * 1000;
  let rings = 0;
  let frames = 0;
  // Every input has a seed of its own, so that one that fails can be run alone.
  for (; rings < count && performance.now() < end; rings++) {
    try {
      frames += ringOnce(new Dice(seed + rings));
    } catch (error) {
      faults.push(`ring of seed ${seed + rings}: ${(error as Error).stack}`);
      if (faults.length >= 10) break;
    }
  }
  inputs["typescript rings"] = rings;
  inputs["typescript frames"] = frames;
  for (const name of fuzzers) {
    process.stderr.write(`${name}, ${share} s\n`);
    try {
      inputs[name] = await native(join(folder, name), share, seed);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  const took = Math.round((performance.now() - start) / 100) / 10;
  return { suite: "fuzz", seed, seconds: took, inputs, faults };
};
