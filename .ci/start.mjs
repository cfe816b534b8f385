// npm start: the example topology of this repository, live.
import { runProgram } from "./run-program.mjs";

await runProgram(["dist/bus/cli/main.js", "up", "--topology", "topology.toml"]);
