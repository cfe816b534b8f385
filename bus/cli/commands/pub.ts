import type { Command } from "commander";
import { registryOf } from "#runtime";
import type { Cli, CommonOptions } from "../cli.ts";
import { liveBus, processesOf, readJsonArgument } from "./live.ts";

interface Options extends CommonOptions {
  to?: string;
  topic?: string;
}

const ANSWER_MS = 15_000;

export function addPub(program: Command, cli: Cli): void {
  const command = program
    .command("pub")
    .description("Publish one message to the subscribers of a running bus.")
    .argument("<type>", "message type, such as galaxy.TurnStart")
    .argument("[json]", "the message; @file reads it from a file, - from standard input", "{}")
    .option("--to <service>", "only to this service")
    .option("--topic <topic>", "with this topic");
  cli.command<Options>(
    command,
    ["busbar pub galaxy.TurnStart '{\"turn\": 7}'", "busbar pub MoveFleet @move.json --to ecs"],
    async ({ to, topic }, [name, json]) => {
      const live = await liveBus(cli);
      const type = registryOf(live.plan).type(name);
      const message = readJsonArgument(json);
      type.complete(message as never);
      const targets = to === undefined ? live.processes : processesOf(live, to);
      const results: { process: string; result: string }[] = [];
      for (const target of targets) {
        const client = await live.bus.connect(target);
        try {
          const args = {
            type: type.name,
            message,
            ...(to === undefined ? {} : { to }),
            ...(topic === undefined ? {} : { topic }),
          };
          results.push(
            (await client.call("pub", args, { timeoutMs: ANSWER_MS })) as { process: string; result: string },
          );
        } finally {
          client.close();
        }
      }
      cli.print({ type: type.name, results }, results.map(({ process, result }) => `${process}: ${result}`).join("\n"));
      return undefined;
    },
  );
}
