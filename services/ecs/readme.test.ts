// Method: the README's code, as it stands, through the compiler.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");

test("the README's example compiles", { timeout: 120_000 }, () => {
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(import.meta.dirname, "README.md"), "utf8")) ?? [];
  expect(code).toContain("openWorld");
  // A folder below the root, so that the paths of the example hold from there.
  const build = join(ROOT, ".build");
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(join(build, "readme-"));
  try {
    const sample = code!.replaceAll('"../services/', '"../../services/');
    writeFileSync(
      join(folder, "sample.ts"),
      `import type { Bus } from "#bus";\ndeclare const bus: Bus;\n${sample}export {};\n`,
    );
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { noEmit: true },
      include: ["sample.ts"],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = spawnSync(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", folder], { encoding: "utf8" });
    expect(tsc.status, tsc.stdout).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
