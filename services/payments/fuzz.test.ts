// Method: good configs with some keys set to values of all kinds. Whatever the reader accepts, the core accepts and runs to the
// end; whatever it refuses has a place. Two readers of one config are so held against each other.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkConfig } from "./config/load.ts";
import { configModel } from "./config/model.ts";
import { busyConfig } from "./testing/busy.ts";
import { changed, EVERY_KIND, type Plain } from "./testing/configs.ts";
import { changesOf } from "./testing/every-key.ts";
import { openRig, type Rig } from "./testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const bases: readonly Plain[] = [...EVERY_KIND, busyConfig()];
const paths = bases.map((base) => [...changesOf(configModel, base)].map(({ path }) => path));
const values = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    1,
    -1,
    2,
    3,
    10,
    0.5,
    1e-6,
    1e-7,
    999,
    1000,
    1e6,
    1e9,
    1e12,
    1e14,
    1e15,
    10n ** 14n,
    2n ** 63n,
    2n ** 64n - 1n,
  ),
  fc.constantFrom<unknown>(
    "A",
    "B",
    "fifo",
    "single",
    "",
    null,
    true,
    false,
    [],
    {},
    [1, 2],
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ),
  fc.integer({ min: 0, max: 100 }),
  fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Number(value.toFixed(6))),
);
const edits = fc.array(fc.tuple(fc.nat(), values), { minLength: 1, maxLength: 4 });

/** Payments a tick at most: every rate of the config, times every multiplier that its scenario may apply to them. */
const arrivalsMax = (canonical: string): number => {
  const all = (key: string): number[] =>
    [...canonical.matchAll(new RegExp(`"${key}":([0-9.e+-]+)`, "g"))].map(([, number]) => Number(number));
  const rates = all("rate_per_tick").reduce((sum, rate) => sum + rate, 0);
  return all("multiplier").reduce((product, multiplier) => product * Math.max(1, multiplier), rates);
};

test("what the reader accepts the core accepts and runs to the end; what it refuses has a place", {
  timeout: 120_000,
}, async () => {
  let ran = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(bases.length - 1), edits, async (which, list) => {
      let config = bases[which]!;
      for (const [pick, value] of list) config = changed(config, paths[which]![pick % paths[which]!.length]!, value);
      const { problems, loaded } = checkConfig(config);
      if (loaded === undefined) {
        refused++;
        expect(problems.length).toBeGreaterThan(0);
        for (const { path, problem } of problems)
          expect([path, problem]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
        return;
      }
      const { valid, errors } = await rig.core.validateConfig({ config: loaded.canonical });
      expect([valid, errors.map(({ path, text }) => `${path}: ${text}`)]).toEqual([true, []]);
      const ticks = loaded.config.simulation.ticks_per_day * loaded.config.simulation.num_days;
      if (ticks > 500 || arrivalsMax(loaded.canonical) > 200) return; // a run, not a load test
      const { simId } = await rig.core.new({ config: loaded.canonical, keepEvents: false });
      for await (const { done, ticksDone } of rig.core.runToEnd({ simId })) if (done) expect(ticksDone).toBe(ticks);
      const { agents } = await rig.core.getState({ simId });
      const money = agents.reduce(
        (sum, agent) => sum + agent.balance + agent.deferredCredits + agent.liquidityPoolFree,
        0n,
      );
      const opening = loaded.config.agents.reduce(
        (sum, agent) => sum + agent.opening_balance + agent.liquidity_pool,
        0n,
      );
      expect(money).toBe(opening);
      await rig.core.delete({ simId });
      ran++;
    }),
    { numRuns: 400 },
  );
  expect(ran).toBeGreaterThan(30);
  expect(refused).toBeGreaterThan(30);
});
