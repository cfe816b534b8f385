import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DELIVERED } from "#transport";
import { Drained, RingReader, Word } from "#transport/ring";
import { Lane } from "#wire";
import { type BadRing, imageOf, memoryOf, RingScript, type RingVector } from "./ring-cases.ts";

const file = readFileSync(new URL("./vectors/ring.json", import.meta.url), "utf8");
const { rings, bad }: { rings: RingVector[]; bad: BadRing[] } = JSON.parse(file);

test.each(rings)("ring: $name", ({ capacity, start, steps, image }) => {
  const ring = new RingScript(Number(start), Number(capacity));
  for (const step of steps) {
    if (step.do === "write") ring.write(Number(step.bytes));
    else if (step.do === "take") ring.take(Number(step.count), step.verdict);
    else if (step.do === "close") ring.close(step.side);
    else ring[step.do]();
  }
  expect(ring.steps).toEqual(steps);
  expect(imageOf(ring.memory)).toEqual(image);
});

test.each(rings)("a reader that is shown the image of: $name", ({ capacity, steps, image }) => {
  const memory = memoryOf(Number(capacity), image);
  const left: string[] = [];
  const frame = (_lane: Lane, { u32, u8 }: typeof memory, offset: number, length: number): number => {
    const sequence = u32[(offset + 24) >> 2];
    for (let i = 64; i < length; i++) expect(u8[offset + i]).toBe((sequence + i - 64) & 255);
    left.push(`${sequence}`);
    return DELIVERED;
  };
  expect(new RingReader(memory, () => undefined).drain({ frame }, Lane.data, 1000)).toBe(Drained.empty);
  const written = steps.flatMap((step) => (step.do === "write" && step.at !== "full" ? [step.sequence] : []));
  const taken = steps.flatMap((step) => (step.do === "take" ? step.sequences : []));
  expect([...taken, ...left]).toEqual(written);
});

test.each(bad)("a ring with $name is refused", ({ capacity, image, good, error }) => {
  const reader = new RingReader(memoryOf(Number(capacity), image), () => undefined);
  let frames = 0;
  const frame = (): number => {
    frames++;
    return DELIVERED;
  };
  expect(reader.drain({ frame }, Lane.data, 1000)).toBe(Drained.fault);
  expect({ frames: `${frames}`, error: reader.fault }).toEqual({ frames: good, error });
});

test("the images hold what they are there for: wraps of the cursors, PAD records, both announcements", () => {
  const word = ({ capacity, image }: RingVector, index: number): number => memoryOf(Number(capacity), image).u32[index];
  const tails = rings.map((ring) => [Number(ring.start), word(ring, Word.tail)]);
  expect(tails.some(([start, tail]) => start < 2 ** 31 && tail > 2 ** 31)).toBe(true);
  expect(tails.some(([start, tail]) => start > 2 ** 31 && tail < 2 ** 31)).toBe(true);
  expect(rings.filter(({ image }) => image.some(([, hex]) => hex.includes("4201ff00"))).length).toBeGreaterThan(4);
  for (const index of [Word.sleeping, Word.waiting, Word.producerClosed, Word.consumerClosed])
    expect(rings.some((ring) => word(ring, index) === 1)).toBe(true);
});
