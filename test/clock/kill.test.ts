// Method: a real bus whose service is killed in the middle of its turn; the supervisor starts it again, and the step that was
// waiting ends with it in place, without anybody asking again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPackage, Project } from "../../bus/cli/test-support.ts";

let project: Project;
beforeAll(async () => {
  await buildPackage();
  project = new Project();
}, 120_000);
afterAll(() => project.close());

/** Hangs in tick 3 in its first life. */
const SLOW = `import { existsSync, writeFileSync } from "node:fs";
export default { start(bus, ctx) {
  ctx.clock.onTick(async (tick) => {
    console.log("turn " + tick);
    if (tick !== 3n || existsSync("lived")) return;
    writeFileSync("lived", "");
    await new Promise(() => {});
  });
  ctx.clock.onHash(() => ctx.clock.tick);
} };
`;
const QUICK = "export default { start(bus, ctx) { ctx.clock.onTick(() => {}); ctx.clock.onHash(() => 7n); } };\n";

test("a service that is killed in its turn comes back into the same tick, and the waiting step ends", async () => {
  project.write("slow.js", SLOW);
  project.write("quick.js", QUICK);
  project.write("schema/none.fbs", "namespace none; table None { none: bool; }\n");
  project.write("package.json", '{"type":"module"}');
  project.write(
    "topology.toml",
    `[bus]
name = "killed"
[[nodes]]
name = "near"
services = ["quick"]
[[nodes]]
name = "far"
services = ["slow"]
[clock]
[services.quick]
run = "ts:quick.js"
clock = true
[services.slow]
run = "ts:slow.js"
clock = true
restart = { policy = "on-failure", backoff = "50ms..200ms" }
`,
  );
  expect((await project.run("gen")).stderr).toBe("");
  const up = project.start(["up"]);
  await up.saw(/\| ready$/m);
  const step = project.start(["clock", "step", "5", "--json"]);
  await up.saw("turn 3");
  const status = JSON.parse((await project.run("status", "--json")).stdout);
  const { pid } = status.processes.find(({ process }: { process: string }) => process === "far");
  process.kill(pid, "SIGKILL");
  const { stdout, stderr } = await step.ended;
  expect(stderr).toBe("");
  const state = JSON.parse(stdout);
  expect(state).toMatchObject({ tick: "5", mode: 0, error: null });
  expect(
    state.followers.map(({ service, rejoined }: { service: string; rejoined: number }) => [service, rejoined]),
  ).toEqual([
    ["quick", 0],
    ["slow", 1],
  ]);
  expect(up.stdout.match(/turn 3/g)).toHaveLength(2);
  expect(up.stdout.match(/turn 5/g)).toHaveLength(1);
  up.child.kill("SIGINT");
  expect((await up.ended).code).toBe(0);
}, 120_000);
