// Sets up what is missing, then runs a program of this repository with the words that follow. Its signals decide.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { guarded, setup } from "./setup.mjs";
import { asksForHelp, root } from "./steps.mjs";

export const runProgram = (args, options = {}) =>
  guarded(() => {
    const words = process.argv.slice(2);
    // Who only asks how it is used waits for no native build.
    const program = args.find((arg) => !arg.startsWith("-"));
    if (!asksForHelp(words)) setup(options);
    else if (!existsSync(join(root, program))) setup({ native: false });
    const child = spawn(process.execPath, [...args, ...words], { stdio: "inherit", cwd: root });
    // Ctrl-C reaches the child by itself; a signal to this process alone is passed on.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : 128);
    });
  });
