// npm run bench -- <suite> [--json] [--quick]: rows on standard output, all else on standard error.
import { runProgram } from "./run-program.mjs";

// The C++ floor is part of the whole native build.
await runProgram(["--expose-gc", "dist/test/bench/main.js"], { tests: true });
