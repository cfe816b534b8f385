// Method: every formula against values worked out by hand (the sums are written out beside them).
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { near } from "./measures.ts";
import { betting, bluffing, comeback, density, interaction, tension } from "./parts.ts";
import { firstSeatEdge, gain, skill } from "./skill.ts";
import { STYLES } from "./styles.ts";
import { aMeasures as measures } from "./test-support.ts";

describe("density", () => {
  test("rules that filter the hand: m = 3, r = 0.5", () => {
    // .35 * (2/6) * (.2 + .8 * .5) + .30 * .5 + 0 + .20 * .75 = .07 + .15 + .15
    expect(density(measures())).toBeCloseTo(0.37, 12);
  });
  test("more moves than cards: m = 9, r = 3", () => {
    // .35 * 1 * (.2 + .8 * .3) + .30 * .3 + .15 * 2 + .20 * 1 = .154 + .09 + .3 + .2
    expect(density(measures({ moves: 36_000, handCards: 12_000, forced: 0 }))).toBeCloseTo(0.744, 12);
    // r = 11: the variety stops at .5
    expect(density(measures({ moves: 36_000, handCards: 36_000 / 11, forced: 0 }))).toBeCloseTo(0.944, 12);
  });
  test("always forced, and no decision at all", () => {
    // m = 1, r = 1/5: .30 * .8
    expect(density(measures({ moves: 4000, handCards: 20_000, forced: 4000 }))).toBeCloseTo(0.24, 12);
    expect(density(measures({ decisions: 0, moves: 0, forced: 0, handCards: 0 }))).toBe(0);
  });
});

describe("comeback", () => {
  test("half of the winners were behind and the seats are even: 1", () => {
    expect(comeback(measures({ trailing: 50 }))).toBe(1);
  });
  test("a quarter behind", () => {
    // .6 * (1 - 2 * .25) + .4
    expect(comeback(measures())).toBeCloseTo(0.7, 12);
  });
  test("three players, 60 : 30 : 10", () => {
    // distances .26667, .03333, .23333, mean .17778, / (2/3) = .26667; .6 * 1 + .4 * .73333
    expect(comeback(measures({ players: 3, wins: [60, 30, 10], trailing: 50 }))).toBeCloseTo(0.893333, 6);
  });
  test("draws lower the rates: 40 : 40 of 100", () => {
    // trailing 20 of 80 decided: .6 * .5; rates .4: .1 / .5 = .2 away: .4 * .8
    expect(comeback(measures({ wins: [40, 40], draws: 20, trailing: 20 }))).toBeCloseTo(0.62, 12);
    expect(comeback(measures({ wins: [0, 0], draws: 100, trailing: 0 }))).toBe(0);
  });
});

test("tension: lead changes per 20 turns, an open end, a small gap, times density", () => {
  // 3 changes a game, 40 turns: min(1, 3 / 2) = 1; (.4 + .4 * .5 + .2 * .8) * .37
  expect(tension(measures())).toBeCloseTo(0.76 * 0.37, 12);
  // 1 change a game in 10 turns counts whole, in 100 turns a fifth
  expect(tension(measures({ leadChanges: 100, turns: 10 }))).toBeCloseTo(0.76 * 0.37, 12);
  expect(tension(measures({ leadChanges: 100, turns: 100 }))).toBeCloseTo((0.08 + 0.36) * 0.37, 12);
});

test("interaction is the mean of three rates", () => {
  expect(interaction(measures())).toBeCloseTo((0.5 + 0.25 + 0.1) / 3, 12);
  expect(interaction(measures({ waits: 0, actions: 0 }))).toBe(0);
});

test("near is 1 at the target and 0 at the farther end", () => {
  expect(near(0.6, 0.6)).toBe(1);
  expect(near(0, 0.6)).toBe(0);
  expect(near(1, 0.6)).toBeCloseTo(1 - 0.4 / 0.6, 12);
  expect(near(1, 0.35)).toBe(0);
});

test("bluffing by claims, by bets, by both, by neither", () => {
  const claims = { claims: 1000, bluffs: 600, challenges: 400, successfulBluffs: 300 };
  expect(bluffing(measures(claims))).toBeCloseTo(1, 12);
  // bluffs .3 -> .5, challenges .4 -> 1, success 1 -> 0
  expect(bluffing(measures({ ...claims, bluffs: 300 }))).toBeCloseTo(0.15 + 0.3, 12);
  // weak .3 -> 1; folds .35 -> 1; all-ins .1 -> 1
  const bets = { bets: 1000, weakBets: 300, foldWins: 35, showdowns: 65, allIns: 10 };
  expect(bluffing(measures(bets))).toBeCloseTo(1, 12);
  // folds 1 -> 0; all-ins 0 -> 1 - .1 / .9
  expect(bluffing(measures({ ...bets, foldWins: 100, showdowns: 0, allIns: 0 }))).toBeCloseTo(
    0.35 + 0.25 * (1 - 0.1 / 0.9),
    12,
  );
  expect(bluffing(measures({ ...claims, ...bets }))).toBeCloseTo(1, 12);
  expect(bluffing(measures())).toBe(0);
});

test("betting: resolved hands, all-ins in their band, bets a hand, spread of wins, showdowns", () => {
  const good = { bets: 1000, foldWins: 25, showdowns: 75, allIns: 10 };
  expect(betting(measures(good))).toBeCloseTo(1, 12);
  // all-ins 60 %: (1 - .6) / (1 - .25) = .5333
  expect(betting(measures({ ...good, allIns: 60 }))).toBeCloseTo(0.8 + 0.2 * (0.4 / 0.75), 12);
  // one bet a game: 1 / 2; half of the games unresolved; all wins in one seat: unevenness 1
  expect(betting(measures({ ...good, bets: 100, foldWins: 12.5, showdowns: 37.5, wins: [100, 0] }))).toBeCloseTo(
    0.15 + 0.2 + 0.075 + 0 + 0.2,
    12,
  );
  // 400 hands in 100 games: everything is counted by hand
  expect(betting(measures({ bets: 4000, foldWins: 100, showdowns: 300, allIns: 40 }))).toBeCloseTo(1, 12);
  expect(betting(measures())).toBe(0);
});

describe("skill", () => {
  const seats = (a: number, b: number) => [
    { seat: 0, measures: measures({ wins: [a, 100 - a] }) },
    { seat: 1, measures: measures({ wins: [100 - b, b] }) },
  ];
  test("gain above the fair share over all seats", () => {
    expect(gain(seats(80, 70))).toBeCloseTo(0.5, 12); // 75 % of decided: (.75 - .5) / .5
    expect(gain(seats(40, 40))).toBe(0);
    expect(gain([])).toBe(0);
    const three = [{ seat: 1, measures: measures({ players: 3, wins: [20, 60, 10], draws: 10 }) }];
    expect(gain(three)).toBeCloseTo((60 / 90 - 1 / 3) / (2 / 3), 12);
  });
  test("greedy .4, search .6; greedy alone when nobody searched", () => {
    const random = measures();
    expect(skill({ greedy: seats(80, 70), search: seats(100, 90), random })).toBeCloseTo(0.4 * 0.5 + 0.6 * 0.9, 12);
    expect(skill({ greedy: seats(80, 70), search: [], random })).toBeCloseTo(0.5, 12);
  });
  test("a first-seat edge above .3 costs, an edge of 1 everything", () => {
    expect(firstSeatEdge(measures({ wins: [65, 35] }))).toBeCloseTo(0.3, 12);
    const input = { greedy: seats(80, 70), search: [] };
    expect(skill({ ...input, random: measures({ wins: [65, 35] }) })).toBeCloseTo(0.5, 12);
    // edge .65: half of the way from .3 to 1
    expect(skill({ ...input, random: measures({ wins: [82.5, 17.5] }) })).toBeCloseTo(0.25, 12);
    expect(skill({ ...input, random: measures({ wins: [100, 0] }) })).toBe(0);
  });
});

test("the weights of every style add up to 1", () => {
  for (const weights of Object.values(STYLES)) {
    expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  }
});

test("every part stays in 0..1 for whatever was counted", () => {
  const count = fc.nat(10_000);
  const any = fc.record({
    players: fc.constantFrom(2, 3, 4),
    games: count,
    wins: fc.array(count, { minLength: 2, maxLength: 4 }),
    turns: fc.nat(10_000),
    decisions: count,
    moves: count,
    forced: count,
    handCards: count,
    actions: count,
    claims: count,
    bluffs: count,
    challenges: count,
    successfulBluffs: count,
    bets: count,
    weakBets: count,
    foldWins: count,
    showdowns: count,
    allIns: count,
    leadChanges: count,
    decisive: fc.double({ min: 0, max: 1, noNaN: true }),
    margin: fc.double({ min: 0, max: 1, noNaN: true }),
    trailing: count,
    disruptions: count,
    contentions: count,
    forcedResponses: count,
    waits: count,
  });
  fc.assert(
    fc.property(any, (change) => {
      const all = measures(change);
      for (const part of [density, comeback, tension, interaction, bluffing, betting]) {
        const value = part(all);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
  );
});
