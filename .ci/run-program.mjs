// Sets up what is missing, then runs a program of this repository with the words that follow. Its signals decide.
import { spawn } from "node:child_process";
import { guarded, setup } from "./setup.mjs";
import { root } from "./steps.mjs";

export const runProgram = (args, options = {}) =>
  guarded(() => {
    setup(options);
    const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { stdio: "inherit", cwd: root });
    // Ctrl-C reaches the child by itself; a signal to this process alone is passed on.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : 128);
    });
  });
