/** Rings in memory after scripted sequences of both sides, and damaged ones. What the steps mean: README.md. */
import { DELIVERED, DROP_REASONS, dropped, FULL } from "#transport";
import { CAPACITY_BYTES_MIN, RING_HEADER_BYTES, RING_MAGIC, RingReader, RingWriter, Word } from "#transport/ring";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import { dice } from "./dice.ts";
import { hexOf } from "./frame-cases.ts";

export type RingStep =
  /** `at`: byte of the ring where the frame lies, or "full". */
  | { readonly do: "write"; readonly bytes: string; readonly sequence: string; readonly at: string }
  | { readonly do: "publish"; readonly rings: boolean }
  /** At most `count` frames, each counted as `verdict`; their space goes back. */
  | {
      readonly do: "take";
      readonly count: string;
      readonly verdict: string;
      readonly sequences: readonly string[];
      readonly rings: boolean;
    }
  | { readonly do: "sleep"; readonly sleeps: boolean }
  | { readonly do: "close"; readonly side: "producer" | "consumer" };

/** All bytes that are not zero, in runs from multiples of 8. */
export type RingImage = readonly (readonly [at: string, hex: string])[];

export interface RingVector {
  readonly name: string;
  readonly capacity: string;
  /** Both cursors at the beginning. */
  readonly start: string;
  readonly steps: readonly RingStep[];
  readonly image: RingImage;
}
export interface BadRing {
  readonly name: string;
  readonly capacity: string;
  readonly image: RingImage;
  /** What the reader finds after `good` frames. */
  readonly good: string;
  readonly error: string;
}

export function imageOf(memory: Memory): RingImage {
  const runs: [string, string][] = [];
  let from = -1;
  for (let at = 0; at <= memory.size; at += 8) {
    const used = at < memory.size && (memory.u32[at >> 2] !== 0 || memory.u32[(at >> 2) + 1] !== 0);
    if (used && from < 0) from = at;
    if (!used && from >= 0) {
      runs.push([`${from}`, hexOf(memory.u8.subarray(from, at))]);
      from = -1;
    }
  }
  return runs;
}

export function memoryOf(capacity: number, image: RingImage): Memory {
  const memory = Memory.allocate(RING_HEADER_BYTES + capacity);
  for (const [at, hex] of image) memory.u8.set(Buffer.from(hex, "hex"), Number(at));
  return memory;
}

/**
 * A ring, its two ends, and what they have answered. A writer may show what it wrote before it is told to publish; so that
 * all writers give the same answers, nothing is read before.
 */
export class RingScript {
  readonly memory: Memory;
  readonly capacity: number;
  readonly start: number;
  readonly steps: RingStep[] = [];
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  #rung = false;
  #sequence = 0;

  constructor(start: number, capacity: number = CAPACITY_BYTES_MIN) {
    this.capacity = capacity;
    this.start = start;
    this.memory = Memory.allocate(RING_HEADER_BYTES + capacity);
    const { u32 } = this.memory;
    u32[Word.magic] = RING_MAGIC;
    u32[Word.capacity] = capacity;
    u32[Word.tail] = start;
    u32[Word.head] = start;
    const ring = (): void => {
      this.#rung = true;
    };
    this.#writer = new RingWriter(this.memory, ring);
    this.#reader = new RingReader(this.memory, ring);
  }

  #rings(): boolean {
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }

  /** @returns whether there was room */
  write(bytes: number): boolean {
    const sequence = this.#sequence + 1;
    const at = this.#writer.claim(bytes);
    this.steps.push({ do: "write", bytes: `${bytes}`, sequence: `${sequence}`, at: at === FULL ? "full" : `${at}` });
    this.#rings();
    if (at === FULL) return false;
    this.#sequence = sequence;
    writeFrame(this.memory, at, bytes, sequence);
    this.#writer.commit(bytes);
    return true;
  }

  publish(): void {
    this.#writer.flush();
    this.steps.push({ do: "publish", rings: this.#rings() });
  }

  take(count: number, verdict = "delivered"): string[] {
    if (this.#writer.dirty) this.publish();
    const sequences: string[] = [];
    const sink = {
      frame: (_lane: Lane, memory: Memory, offset: number): number => {
        sequences.push(`${memory.u32[(offset + 24) >> 2]}`);
        return verdict === "delivered" ? DELIVERED : dropped(verdict as (typeof DROP_REASONS)[number]);
      },
    };
    this.#reader.drain(sink, Lane.data, count);
    this.steps.push({ do: "take", count: `${count}`, verdict, sequences, rings: this.#rings() });
    return sequences;
  }

  sleep(): void {
    if (this.#writer.dirty) this.publish();
    this.steps.push({ do: "sleep", sleeps: this.#reader.announceSleep() });
  }

  close(side: "producer" | "consumer"): void {
    if (side === "producer") this.#writer.markClosed();
    else this.#reader.markClosed();
    this.steps.push({ do: "close", side });
  }

  vector(name: string): RingVector {
    const { capacity, start, steps, memory } = this;
    return { name, capacity: `${capacity}`, start: `${start}`, steps, image: imageOf(memory) };
  }
}

/** A DATA frame whose payload byte i is (sequence + i) modulo 256. */
function writeFrame(memory: Memory, at: number, bytes: number, sequence: number): void {
  const padded = (bytes + 7) & ~7;
  memory.u8.fill(0, at, at + padded);
  writeHeader(memory, at, bytes, Kind.data, HEADER_BYTES, 0, 0, 0, 0, sequence, 0, 0, 0, 0, 0, 0, 0, Lane.data);
  for (let i = HEADER_BYTES; i < bytes; i++) memory.u8[at + i] = (sequence + i - HEADER_BYTES) & 255;
}

const script = (name: string, start: number, play: (ring: RingScript) => void): RingVector => {
  const ring = new RingScript(start);
  play(ring);
  return ring.vector(name);
};

const STARTS: readonly (readonly [name: string, cursor: number])[] = [
  ["0", 0],
  ["2^31", 2 ** 31 - 2048],
  ["2^32", 2 ** 32 - 2048],
];

function around(ring: RingScript): void {
  for (let round = 0; round < 9; round++) {
    for (const bytes of [64, 200, 1000]) ring.write(bytes);
    ring.publish();
    ring.take(round % 2 === 0 ? 3 : 2);
  }
}

function random(ring: RingScript, seed: number): void {
  const roll = dice(seed);
  for (let step = 0; step < 300; step++) {
    const what = roll(10);
    if (what < 5) ring.write(HEADER_BYTES + roll(700));
    else if (what < 7) ring.publish();
    else if (what < 9) ring.take(1 + roll(6), roll(4) === 0 ? DROP_REASONS[roll(DROP_REASONS.length)] : "delivered");
    else ring.sleep();
  }
  ring.publish();
}

function good(): RingVector[] {
  return [
    script("untouched", 0, () => undefined),
    script("one frame, published and not read", 0, (ring) => {
      ring.write(70);
      ring.publish();
    }),
    script("one frame, delivered", 0, (ring) => {
      ring.write(70);
      ring.publish();
      ring.take(1);
    }),
    script("a PAD record before the end of the data", 4096 - 1000, (ring) => {
      ring.write(900);
      ring.write(500);
      ring.publish();
    }),
    script("a PAD record of 8 bytes", 4096 - 72, (ring) => {
      ring.write(64);
      ring.write(64);
      ring.publish();
    }),
    script("frames to the very end and no PAD", 4096 - 128, (ring) => {
      ring.write(128);
      ring.write(64);
      ring.publish();
      ring.take(1);
    }),
    script("a full ring, whose producer waits", 0, (ring) => {
      while (ring.write(504));
    }),
    script("a full ring: the producer waits, is rung at a quarter, and goes on", 0, (ring) => {
      while (ring.write(504));
      ring.take(1);
      ring.take(1);
      ring.write(504);
      ring.publish();
    }),
    script("a consumer that sleeps is rung once", 0, (ring) => {
      ring.sleep();
      ring.write(64);
      ring.publish();
      ring.write(64);
      ring.publish();
      ring.sleep();
      ring.take(9);
      ring.sleep();
    }),
    script("every reason has a counter of its own", 0, (ring) => {
      for (const reason of DROP_REASONS) {
        ring.write(64);
        ring.publish();
        ring.take(1, reason);
      }
      ring.write(64);
      ring.publish();
      ring.take(1);
    }),
    script("both sides have closed", 0, (ring) => {
      ring.write(64);
      ring.publish();
      ring.close("producer");
      ring.take(1);
      ring.close("consumer");
    }),
    ...STARTS.map(([name, start]) => script(`around several times, cursors from below ${name}`, start, around)),
    ...STARTS.map(([name, start], i) =>
      script(`300 random steps, cursors from below ${name}`, start, (ring) => random(ring, 20_260 + i)),
    ),
  ];
}

/** A sound ring with two frames, damaged. */
const broken = (
  name: string,
  good: number,
  error: string,
  damage: (u32: Uint32Array, data: number) => void,
): BadRing => {
  const ring = new RingScript(0);
  ring.write(72);
  ring.write(96);
  ring.publish();
  damage(ring.memory.u32, RING_HEADER_BYTES >> 2);
  return { name, capacity: `${ring.capacity}`, image: imageOf(ring.memory), good: `${good}`, error };
};

function bad(): BadRing[] {
  const second = 72 >> 2;
  return [
    broken("tail beyond the capacity", 0, "LENGTH", (u32) => {
      u32[Word.tail] = 4096 + 8;
    }),
    broken("tail behind head", 0, "LENGTH", (u32) => {
      u32[Word.tail] = 2 ** 32 - 8;
    }),
    broken("tail at no multiple of 8", 0, "LENGTH", (u32) => {
      u32[Word.tail] = 172;
    }),
    broken("a frame longer than what was published", 1, "LENGTH", (u32, data) => {
      u32[data + second] = 104;
    }),
    broken("a frame shorter than its header", 1, "LENGTH", (u32, data) => {
      u32[data + second] = 60;
    }),
    broken("a frame of another magic", 1, "MAGIC", (u32, data) => {
      u32[data + second + 1] ^= 1;
    }),
    broken("a frame of another version", 1, "VERSION", (u32, data) => {
      u32[data + second + 1] ^= 0x300;
    }),
    broken("a PAD that ends before the data does", 1, "LENGTH", (u32, data) => {
      u32[data + second] = 96;
      u32[data + second + 1] = 0x00ff0142;
    }),
    broken("a PAD that nothing follows", 1, "LENGTH", (u32, data) => {
      u32[data + second] = 4096 - 72;
      u32[data + second + 1] = 0x00ff0142;
    }),
  ];
}

export const ringVectors = (): { rings: RingVector[]; bad: BadRing[] } => ({ rings: good(), bad: bad() });
