// npm start: set up what is missing, then run the example topology of this repository, live.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { guarded, setup } from "./setup.mjs";
import { root } from "./steps.mjs";

await guarded(() => {
  setup();
  const main = join(root, "dist", "bus", "cli", "main.js");
  const child = spawn(
    process.execPath,
    [main, "up", "--topology", join(root, "topology.toml"), ...process.argv.slice(2)],
    {
      stdio: "inherit",
      cwd: root,
    },
  );
  // Ctrl-C reaches the child by itself; a signal to this process alone is passed on. Either way the child decides.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
});
