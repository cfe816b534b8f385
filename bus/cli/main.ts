#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { libraryVersion } from "#runtime";
import { Cli } from "./cli.ts";
import { addServiceCommands } from "./commands/added.ts";
import { addCall } from "./commands/call.ts";
import { addClock } from "./commands/clock.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDown } from "./commands/down.ts";
import { addEcho } from "./commands/echo.ts";
import { addExplain } from "./commands/explain.ts";
import { addGen } from "./commands/gen.ts";
import { addGraph } from "./commands/graph.ts";
import { addInit } from "./commands/init.ts";
import { addKeys } from "./commands/keys.ts";
import { addMetrics } from "./commands/metrics.ts";
import { addPlan } from "./commands/plan.ts";
import { addPub } from "./commands/pub.ts";
import { addStatus } from "./commands/status.ts";
import { addTop } from "./commands/top.ts";
import { addUp } from "./commands/up.ts";
import { addValidate } from "./commands/validate.ts";
import { EXIT_USAGE } from "./exit-codes.ts";

const COMMANDS = [
  addUp,
  addDown,
  addStatus,
  addValidate,
  addPlan,
  addExplain,
  addGraph,
  addGen,
  addKeys,
  addDoctor,
  addInit,
  addCall,
  addPub,
  addEcho,
  addClock,
  addTop,
  addMetrics,
];

async function main(): Promise<void> {
  const program = new Command("busbar")
    .description("Runs and inspects a bus: services, where they run and how messages travel, from one topology.toml.")
    .version(libraryVersion())
    .configureOutput({ outputError: () => {} }) // said by Cli.misused, which knows of --json
    .exitOverride()
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 an error (one line on stderr: code and sentence), 2 wrong use, 130 ended at once (second Ctrl-C).",
    );
  const cli = new Cli(process.stdout, process.stderr);
  for (const add of COMMANDS) add(program, cli);
  const argv = process.argv.slice(2);
  try {
    await addServiceCommands(program, cli, argv);
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) process.exitCode = cli.fail(error);
    else if (error.exitCode === 0) process.exitCode = 0;
    else if (error.code === "commander.help")
      process.exitCode = EXIT_USAGE; // no command: it has printed the help
    else process.exitCode = cli.misused(error.message.replace(/^error: /, ""), argv, helpFor(program, argv));
  }
}

function helpFor(program: Command, argv: readonly string[]): string {
  const name = program.commands.map((command) => command.name()).find((name) => name === argv[0]);
  return name === undefined ? "busbar --help" : `busbar ${name} --help`;
}

// A reader that has seen enough (`busbar echo | head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await main();
