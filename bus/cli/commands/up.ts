import { type Command, Option } from "commander";
import { up } from "#runtime";
import type { Mode, TransportChoice } from "#topology";
import type { Cli, CommonOptions } from "../cli.ts";

interface Options extends CommonOptions {
  mode?: Mode;
  node?: string;
  transport?: TransportChoice;
  once?: boolean;
}

/** Ctrl-C, `busbar down` and whoever stops a machine, a terminal that was closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function addUp(program: Command, cli: Cli): void {
  const command = program
    .command("up")
    .description("Start the services of the topology and keep them running until Ctrl-C.")
    .addOption(
      new Option("--mode <mode>", "place services otherwise than the file says").choices(["monolith", "bundled"]),
    )
    .option("--node <name>", "start only this node, as one host of a distributed bus does")
    .addOption(
      new Option("--transport <name>", "use this transport for every edge that it can carry").choices([
        "auto",
        "local",
        "ring",
        "unix",
        "tcp",
      ]),
    )
    .option("--once", "end when a service announces a result; it is the last line of standard output, as JSON");
  cli.command<Options>(
    command,
    ["busbar up", "busbar up --mode monolith", "busbar up --transport tcp", "busbar up --once --json"],
    async ({ mode, node, transport, once, json }) => {
      let stop: () => void = () => {};
      const wish = (): void => stop();
      for (const signal of SIGNALS) process.on(signal, wish);
      try {
        return await up({
          topology: cli.topologyPath(),
          once: once === true,
          json: json === true,
          stdout: cli.stdout,
          stderr: cli.stderr,
          onStop: (callback) => {
            stop = callback;
          },
          ...(mode === undefined ? {} : { mode }),
          ...(node === undefined ? {} : { node }),
          ...(transport === undefined ? {} : { transport }),
        });
      } finally {
        for (const signal of SIGNALS) process.off(signal, wish);
      }
    },
  );
}
