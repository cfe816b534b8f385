// npm run soak -- kills|litmus|fuzz|seqlock|telemetry: the large counts of the tests that npm test runs small.
import { runProgram } from "./run-program.mjs";

await runProgram(["--expose-gc", "dist/test/soak/main.js"], { tests: true });
