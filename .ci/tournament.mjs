// npm run tournament: card games on the native service, live. `-- --once` ends with its result.
import { runProgram } from "./run-program.mjs";

await runProgram(["dist/bus/cli/main.js", "up", "--topology", "examples/tournament/topology.toml"]);
