import type { Command } from "commander";
import { registryOf, toJson } from "#runtime";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { duration } from "../option-values.ts";
import { interruptSignal, type LiveBus, liveBus, processOf, readJsonArgument, serviceDown } from "./live.ts";

interface Options extends CommonOptions {
  target?: string;
  timeout?: string;
}

export function addCall(program: Command, cli: Cli): void {
  const command = program
    .command("call")
    .description("Send one request to a running service and print the answer. A stream prints one line per item.")
    .argument("<method>", "Service.method, such as Cards.simulate")
    .argument("[json]", "the request; @file reads it from a file, - from standard input", "{}")
    .option("--target <service>", "which service or instance (default: one that serves it)")
    .option("--timeout <duration>", "how long to wait (default: 30s)", duration);
  cli.command<Options>(
    command,
    ["busbar call Cards.simulate '{\"requests\": []}'", "busbar call ecs.Ecs.queryEntities @query.json --target ecs"],
    async ({ target, timeout }, [name, json]) => {
      const live = await liveBus(cli);
      const { service, method } = registryOf(live.plan).method(name);
      const request = readJsonArgument(json);
      method.request.complete(request as never); // a wrong field is said here, before anything is sent
      const interrupt = interruptSignal();
      const client = await live.bus.connect(serverProcess(live, service.name, target));
      try {
        const answer = await client.call(
          "call",
          {
            method: `${service.name}/${method.name}`,
            request,
            ...(target === undefined ? {} : { target }),
            ...(timeout === undefined ? {} : { timeout }),
          },
          { signal: interrupt.signal, item: (item) => cli.stdout.write(`${toJson(item)}\n`) },
        );
        if (!method.streaming) cli.print(answer, JSON.stringify(answer, null, 2));
      } catch (error) {
        if (!interrupt.signal.aborted) throw error;
      } finally {
        interrupt.release();
        client.close();
      }
      return undefined;
    },
  );
}

/** A process with a service that declares it serves this; else one whose services may serve anything. */
function serverProcess(live: LiveBus, service: string, target: string | undefined): string {
  if (target !== undefined) return processOf(live, target);
  const { plan, processes } = live;
  const declared = plan.services.filter((each) => each.serves.includes(service));
  const candidates = declared.length > 0 ? declared : plan.services.filter((each) => each.open);
  if (candidates.length === 0) throw new BusError("core/no-server", { details: { rpc: service } });
  const found = candidates.find((each) => processes.includes(each.process));
  if (found === undefined) throw serviceDown(candidates[0].name, candidates[0].process);
  return found.process;
}
