// Method: a run, its checkpoint in the store, what is printed of it and a sweep, all through the TypeScript half, in both
// placements and with several numbers of threads; all must be the same bytes.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { loadConfig } from "../config/load.ts";
import { pointsOf } from "../sweep/grid.ts";
import { runSweep, sweepHash } from "../sweep/run.ts";
import { busyConfig } from "../testing/busy.ts";
import { openRig, type Placement, textOf } from "../testing/rig.ts";

const run = async (placement: Placement, threads: number): Promise<object> => {
  await using rig = await openRig(threads, undefined, placement);
  const { simId } = await rig.core.new({ config: loadConfig(busyConfig()).canonical });
  await rig.core.tick({ simId, count: 17 });
  const { id } = await rig.store.saveCheckpoint({ simId, label: "" });
  const end = async (of: number): Promise<string> => {
    let hash = "";
    for await (const part of rig.core.runToEnd({ simId: of })) hash = part.runHash ?? "";
    return hash;
  };
  const runHash = await end(simId);
  const restored = await rig.store.loadCheckpoint({ id });
  const restoredHash = await end(restored.simId);
  const printed = createHash("sha256")
    .update(await textOf(rig.report.print({ simId })))
    .digest("hex");
  const seeds = [1n, 2n, 3n, 4n, 5n];
  const parameters = [{ path: "agents.*.unsecured_cap", values: [2000n, 4000n] }];
  const sweep = sweepHash(await runSweep(rig.core, pointsOf({ base: busyConfig(), parameters, seeds }), seeds));
  return { runHash, restoredHash, printed, sweep };
};

test("runs, checkpoints, printed events and sweeps are equal in both placements, for several numbers of threads", {
  timeout: 120_000,
}, async () => {
  const first = await run("local", 1);
  expect(first).toMatchObject({ restoredHash: (first as { runHash: string }).runHash });
  for (const [placement, threads] of [
    ["local", 3],
    ["isolated", 2],
  ] as const)
    expect({ placement, threads, ...(await run(placement, threads)) }).toEqual({ placement, threads, ...first });
});
