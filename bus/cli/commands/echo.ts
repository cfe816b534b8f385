import type { Command } from "commander";
import { type ControlClient, registryOf, toJson } from "#runtime";
import type { Cli, CommonOptions } from "../cli.ts";
import { positive } from "../option-values.ts";
import { interruptSignal, liveBus, processesOf } from "./live.ts";

interface Options extends CommonOptions {
  from?: string;
  topic?: string;
  count?: number;
}

export function addEcho(program: Command, cli: Cli): void {
  const command = program
    .command("echo")
    .description("Print messages of a running bus as they are published, one JSON object per line, until Ctrl-C.")
    .argument("<type>", "message type, such as galaxy.TurnStart")
    .option("--from <service>", "only what this service publishes")
    .option("--topic <topic>", "only this topic")
    .option("--count <n>", "end after so many messages", positive);
  cli.command<Options>(
    command,
    ["busbar echo galaxy.TurnStart", "busbar echo CombatEvent --from combat --count 10"],
    async ({ from, topic, count }, [name]) => {
      const live = await liveBus(cli);
      const type = registryOf(live.plan).type(name);
      const interrupt = interruptSignal();
      const ended = new AbortController();
      interrupt.signal.addEventListener("abort", () => ended.abort());
      let seen = 0;
      let waiting = 0;
      const item = (value: unknown): void => {
        if (typeof value !== "object" || value === null) return;
        // Said only once every process has subscribed: what is published from here on is seen.
        if ("subscribed" in value && --waiting === 0) cli.note(`listening for ${type.name}; Ctrl-C ends`);
        if (!("message" in value)) return;
        if (count !== undefined && seen >= count) return;
        seen++;
        cli.stdout.write(`${toJson(value.message)}\n`);
        if (seen === count) ended.abort();
      };
      const clients: ControlClient[] = [];
      try {
        const targets = from === undefined ? live.processes : processesOf(live, from);
        for (const target of targets) clients.push(await live.bus.connect(target));
        waiting = clients.length;
        const args = {
          type: type.name,
          ...(from === undefined ? {} : { from }),
          ...(topic === undefined ? {} : { topic }),
        };
        await Promise.all(clients.map((client) => client.call("echo", args, { signal: ended.signal, item })));
      } catch (error) {
        if (!ended.signal.aborted) throw error;
      } finally {
        interrupt.release();
        for (const client of clients) client.close();
      }
      return undefined;
    },
  );
}
