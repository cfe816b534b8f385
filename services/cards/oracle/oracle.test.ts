// Method: random hands, judged by our search for the least deadwood and by the crate gin-rummy.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Found, lacking, named, rustProgram } from "../../../test/foreign/foreign.ts";
import { root } from "../../../test/tidy/tree.ts";

const theirs = rustProgram("cards-oracle");
const path = join(root, ".build", "native", "release", "services", "cards", "cards_deadwood");
const ours: Found = existsSync(path) ? { path } : { missing: "no cards_deadwood: npm run build:native builds it" };

/** Ours: rank * 4 + suit, ranks 2 to A, suits hearts, diamonds, clubs, spades. */
const RANKS = "23456789TJQKA";
/** Theirs: clubs, diamonds, hearts, spades; the ace is the lowest rank. */
const THEIR_SUITS = [2, 1, 0, 3];
const THEIR_RANKS = "A23456789TJQK";

const ourHand = (cards: readonly number[]): string =>
  cards.reduce((set, card) => set | (1n << BigInt(card)), 0n).toString(16);
const theirHand = (cards: readonly number[]): string =>
  THEIR_SUITS.map((suit) =>
    [...THEIR_RANKS].filter((rank) => cards.includes(RANKS.indexOf(rank) * 4 + suit)).join(""),
  ).join(".");

const answers = (tool: Found, hands: readonly string[]): number[] => {
  const child = spawnSync(tool.path ?? "", [], { input: `${hands.join("\n")}\n`, encoding: "utf8" });
  expect(child.status, child.stderr).toBe(0);
  return child.stdout.trim().split("\n").map(Number);
};

/** mulberry32, seeded: the same hands in every run. */
const dice = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

/** Ten or eleven cards out of `ranks` neighbouring ranks: few ranks make many melds that compete. */
const deal = (real: () => number, size: number, ranks: number): number[] => {
  const from = Math.floor(real() * 13);
  const cards = new Set<number>();
  while (cards.size < size) {
    const rank = (from + Math.floor(real() * ranks)) % 13;
    cards.add(rank * 4 + Math.floor(real() * 4));
  }
  return [...cards];
};

test.skipIf(lacking(ours, theirs))(
  named("the crate gin-rummy finds the same least deadwood in 20,000 hands", ours, theirs),
  () => {
    const real = dice(2026);
    const hands = Array.from({ length: 20_000 }, (_, i) => deal(real, 10 + (i % 2), [4, 5, 7, 13][i % 4]));
    const found = answers(ours, hands.map(ourHand));
    const expected = answers(theirs, hands.map(theirHand));
    expect(found.length).toBe(hands.length);
    const wrong = hands.flatMap((cards, i) =>
      found[i] === expected[i] ? [] : [`${theirHand(cards)}: ours ${found[i]}, theirs ${expected[i]}`],
    );
    expect(wrong).toEqual([]);
    // The hands are worth judging: some go gin, most do not.
    expect(expected.filter((left) => left === 0).length).toBeGreaterThan(100);
    expect(new Set(expected).size).toBeGreaterThan(30);
  },
);
