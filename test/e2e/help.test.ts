// Method: the programs behind the npm scripts, asked how they are used; they say so at once and do nothing else.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const script = (name: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, ".ci", `${name}.mjs`), ...args], { cwd: root });

/** Without it a script would install packages first, which is right for a fresh clone and wrong in the middle of tests. */
const programs = ["bus/cli", "test/bench", "test/soak", "examples/payments"].map((path) =>
  join(root, "dist", path, "main.js"),
);
const missing = programs.filter((path) => !existsSync(path));

test.skipIf(missing.length > 0).each([
  ["test", /^Usage: npm test -- \[paths\.\.\.\].*--sanitizers/s],
  ["start", /^Usage: busbar up .*--once/s],
  ["bench", /^Usage: npm run bench -- <suite\.\.\.>.*--quick/s],
  ["soak", /^Usage: npm run soak -- .*--seconds/s],
  ["payments", /Usage: npm run payments -- /],
])(
  `npm run %s tells how it is used${missing.length > 0 ? " (skipped: dist is not built)" : ""}`,
  async (name, usage) => {
    const { stdout } = await script(name, "--help");
    expect(stdout).toMatch(usage);
    expect((await script(name, "-h")).stdout).toBe(stdout);
  },
);

test("npm test refuses an option it does not know, rather than running everything", async () => {
  await expect(script("test", "--bogus")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("unknown option '--bogus'; see npm test -- --help"),
  });
});
