// npm run bench -- <suite> [--json] [--quick]: set up, then measure. Rows on standard output, all else on standard error.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { guarded, setup } from "./setup.mjs";
import { root } from "./steps.mjs";

await guarded(() => {
  setup();
  const main = join(root, "dist", "test", "bench", "main.js");
  const child = spawn(process.execPath, ["--expose-gc", main, ...process.argv.slice(2)], {
    stdio: "inherit",
    cwd: root,
  });
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
});
