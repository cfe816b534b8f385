import { expect, test } from "vitest";
import { Note, Tick } from "#generated/busbar/testing";
import { Memory } from "#wire";
import { envelopeOf } from "./envelope.ts";
import { History } from "./history.ts";

const seqs = (entries: readonly { payload: Uint8Array }[]): number[] =>
  entries.map(({ payload }) => Note.decode(Memory.copyOf(payload), 0).seq);
const add = (history: History, seq: number, topic = "", target = ""): void =>
  history.add(Note, { seq }, envelopeOf({ topic }, 0), target);

test("keeps the last n per topic and gives them back in the order of publishing", () => {
  const history = new History([{ type: Note.name, depth: 2 }]);
  for (let seq = 1; seq <= 3; seq++) add(history, seq, "north");
  add(history, 4, "south");
  add(history, 5, "north");
  expect(seqs(history.entries(Note.name, "north", "b"))).toEqual([3, 5]);
  expect(seqs(history.entries(Note.name, "", "b"))).toEqual([3, 4, 5]);
  expect(history.entries(Note.name, "", "b").every((entry) => entry.envelope.replayed)).toBe(true);
});

test("a message for one service is replayed to no other", () => {
  const history = new History([{ type: Note.name, depth: 5 }]);
  add(history, 1, "", "b");
  add(history, 2);
  expect(seqs(history.entries(Note.name, "", "c"))).toEqual([2]);
  expect(seqs(history.entries(Note.name, "", "b"))).toEqual([1, 2]);
});

test("types without history cost nothing, and topics are bounded", () => {
  const history = new History([{ type: Note.name, depth: 1 }]);
  history.add(Tick, { seq: 1 }, envelopeOf({}, 0), "");
  expect(history.entries(Tick.name, "", "b")).toEqual([]);
  for (let seq = 0; seq < 5000; seq++) add(history, seq, `t${seq}`);
  expect(history.entries(Note.name, "", "b").length).toBe(4096);
  expect(history.entries(Note.name, "t0", "b")).toEqual([]);
});
