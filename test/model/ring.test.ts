/** Every interleaving of a few messages through a small ring; and mistakes that this must find. */
import { expect, test } from "vitest";
import { explore } from "./explorer.ts";
import { type Mutant, type RingModelOptions, ringModel } from "./ring-model.ts";

const CASES: readonly (RingModelOptions & { name: string })[] = [
  { name: "single units", sizes: [1, 1, 1, 1, 1], capacity: 2, batch: 1, consumer: "self" },
  { name: "batches, a PAD at the wrap", sizes: [1, 2, 2, 1, 2], capacity: 4, batch: 3, consumer: "self" },
  { name: "records of half the ring", sizes: [2, 2, 1, 2, 2], capacity: 4, batch: 2, consumer: "self" },
  { name: "starting before the wrap", sizes: [2, 1, 2, 2], capacity: 4, batch: 2, consumer: "self", start: 3 },
  { name: "a reader that holds once", sizes: [1, 2, 1, 2], capacity: 4, batch: 2, consumer: "self", holdsAt: 1 },
];

const both = CASES.flatMap((one) => [
  one,
  { ...one, name: `${one.name}, in an event loop`, consumer: "loop" as const },
]);

test.each(both)("nothing is lost, torn, repeated or slept through: $name", ({ name, ...options }) => {
  const { states, violation } = explore(ringModel(options));
  expect(violation).toBeUndefined();
  expect(states, name).toBeGreaterThan(500);
});

const MUTANTS: readonly [Mutant, RegExp][] = [
  ["no look at the tail after announcing sleep", /wake of the reader was lost/],
  ["the consumer waits on the tail, not on its bell", /wake of the reader was lost/],
  ["sleep announced without sequential consistency", /wake of the reader was lost/],
  ["tail published without sequential consistency", /wake of the reader was lost/],
  ["tail published before the record is written", /reads 0/],
  ["head released before the counters are shown", /are released, 0 are counted/],
  ["no look at the head after announcing the wait for room", /wake of the writer was lost/],
  ["the wait for room announced without sequential consistency", /wake of the writer was lost/],
  ["a ring without room is not followed by a new announcement", /wake of the writer was lost/],
  ["waiting looked at before the head is released", /wake of the writer was lost/],
  ["the bell rung before the tail is published", /wake of the reader was lost/],
  ["a wait for room without publishing what was committed", /wake of the reader was lost/],
];

test.each(MUTANTS)("the model finds: %s", (mutant, text) => {
  for (const consumer of ["self", "loop"] as const) {
    const found = CASES.map(
      ({ name: _, ...options }) => explore(ringModel({ ...options, consumer, mutant })).violation,
    );
    const violations = found.filter((violation) => violation !== undefined);
    expect(violations.length, consumer).toBeGreaterThan(0);
    expect(violations.map((violation) => violation.text).join("\n")).toMatch(text);
    for (const { trace } of violations) expect(trace.length).toBeGreaterThan(3);
  }
});
