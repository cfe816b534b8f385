// npm run payments: the laboratory of examples/payments. `-- --help` says what it does.
import { runProgram } from "./run-program.mjs";

await runProgram(["dist/examples/payments/main.js"]);
