// Method: ours and its peers must do the same work, so their sums over the same items must agree.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CASES } from "./cases.ts";
import { SPATIAL_PEERS, type SpatialPeer, spatialMissing } from "./spatial-peers.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-bench-combat-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sumOf = async (name: string, count: number): Promise<number> => (await CASES[name](folder))(count);

const missing = new Map(Object.keys(SPATIAL_PEERS).map((name) => [name, spatialMissing(name as SpatialPeer)]));
for (const reason of missing.values()) if (reason !== undefined) process.stderr.write(`bench: skipped, ${reason}\n`);

const rows: readonly (readonly [string, string, number, number])[] = [
  ["vacuum", "plain-js", 3000, 1e-12],
  // Straight lines between fewer points of the table: the height at 500 m differs by some millimetres.
  ["drag", "plain-js", 200, 0.02],
  ["radius100k", "kdbush", 2000, 0],
  ["radius100k", "flatbush", 2000, 0],
  ["build100k", "kdbush", 2, 0],
  ["build100k", "flatbush", 2, 0],
  ["path_grid", "plain-js", 100, 1e-12],
  ["path_grid", "astar", 100, 0],
  // Other random numbers: 200 battles of some 38 steps each, with a deviation of some 6.
  ["battle100", "plain-js", 200, 0.05],
];

for (const [measure, peer, count, tolerance] of rows) {
  test.skipIf(missing.get(peer) !== undefined)(`${measure} does what ${peer} does`, { timeout: 60_000 }, async () => {
    const [ours, theirs] = [await sumOf(`busbar/${measure}`, count), await sumOf(`${peer}/${measure}`, count)];
    expect(Math.abs(ours / theirs - 1)).toBeLessThanOrEqual(tolerance);
  });
}
