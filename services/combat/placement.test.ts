// Method: one list of requests in every placement and with several numbers of threads; every answer must have the same hash.
import { expect, test } from "vitest";
import { plainBattle, tacticalBattle } from "./testing/battles.ts";
import { openRig, type Placement } from "./testing/rig.ts";

/** Changes only when the rules do; then on purpose. */
const GOLDEN = "8f732a0160fb83c6";

const run = async (placement: Placement, threads: number): Promise<string> => {
  await using rig = await openRig(placement, threads);
  const battles = Array.from({ length: 30 }, (_, i) =>
    i % 3 === 0 ? plainBattle(`${i}`) : tacticalBattle(`${i}`, -3 * i),
  );
  const { hash } = await rig.combat.resolveCombatBatch({ battles, seed: 2026n });
  return hash.toString(16);
};

test("the plugin in this process gives the golden hash with 1, 2, 3 and 8 threads", async () => {
  for (const threads of [1, 2, 3, 8])
    expect({ threads, hash: await run("local", threads) }).toEqual({ threads, hash: GOLDEN });
});

test("a process of its own gives the golden hash with 1, 2, 3 and 8 threads", { timeout: 120_000 }, async () => {
  for (const threads of [1, 2, 3, 8])
    expect({ threads, hash: await run("isolated", threads) }).toEqual({ threads, hash: GOLDEN });
});
