/** 200 peers of one process die, at every marked step of the ring protocol and at random. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blobOf, Follower, isOrder, orderOf } from "./content.ts";
import { runKills } from "./kills.ts";
import { BY_CLOCK, STEPS } from "./steps.ts";

const PROGRAMS = join(import.meta.dirname, "..", "..", "dist", "test", "chaos");
const KILLS = 200;
/** The share of steps that a run of this length reaches, whatever the load of the machine. */
const REACHED_MIN = Math.floor((STEPS.length + BY_CLOCK.length) * 0.8);

test("a survivor of 200 killed peers has lost, repeated and kept nothing", { timeout: 600_000 }, async () => {
  expect(existsSync(join(PROGRAMS, "victim.js")), "the programs run compiled: npm run build").toBe(true);
  const seed = Number(process.env.BUSBAR_SEED ?? Date.now() % 2 ** 31);
  const result = await runKills({ count: KILLS, seed, programs: PROGRAMS });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  expect(result.faults, `BUSBAR_SEED=${seed}`).toEqual([]);
  expect(result.kills).toBe(KILLS);
  expect(result.filesLeft).toEqual([]);
  expect(result.mappingsAfter).toBe(0);
  expect(result.descriptorsAfter).toBeLessThanOrEqual(result.descriptorsBefore);
  expect(Object.keys(result.reached).length).toBeGreaterThanOrEqual(REACHED_MIN);
  expect(result.messages).toBeGreaterThan(KILLS);
});

const blobSeqs = Array.from({ length: 100 }, (_, i) => i + 1).filter((seq) => !isOrder(9, seq));
const follow = (play: (follower: Follower) => void): string[] => {
  const faults: string[] = [];
  play(new Follower("a -> m", (text) => faults.push(text)));
  return faults;
};
const data = (seq: number): Uint8Array => Uint8Array.from(blobOf(9, seq).data ?? []);

test("the follower of a stream takes what is whole and in order", () => {
  const faults = follow((follower) => {
    for (let seq = 1; seq <= 200; seq++) {
      if (isOrder(9, seq)) follower.order(orderOf(9, seq) as never);
      else follower.blob(seq, data(seq));
    }
  });
  expect(faults).toEqual([]);
});

test("the follower of a stream sees what is torn, repeated, left out or of a life before", () => {
  const [seq] = blobSeqs;
  const torn = data(seq);
  torn[torn.length - 1] ^= 1;
  expect(follow((follower) => follower.blob(seq, torn))).toEqual([expect.stringContaining("is torn")]);
  const twice = follow((follower) => {
    follower.blob(seq, data(seq));
    follower.blob(seq, data(seq));
  });
  expect(twice).toEqual([expect.stringContaining(`came after ${seq}`)]);
  const gap = blobSeqs.find((other) => other > seq + 1) as number;
  const left = follow((follower) => {
    follower.blob(seq, data(seq));
    follower.blob(gap, data(gap));
  });
  expect(left).toEqual([expect.stringContaining(`${gap} of epoch 9 came after ${seq}`)]);
  const order = Array.from({ length: 100 }, (_, i) => i + 1).find((other) => isOrder(9, other)) as number;
  const wrong = { ...orderOf(9, order), note: "other" };
  expect(follow((follower) => follower.order(wrong as never))).toEqual([expect.stringContaining("is torn")]);
});
