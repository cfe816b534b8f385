import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { isAlive, nodeOf, RunningBus } from "#runtime";
import { parseDuration } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";
import { duration } from "../option-values.ts";

interface Options extends CommonOptions {
  node?: string;
  timeout: string;
}

const POLL_MS = 25;

export function addDown(program: Command, cli: Cli): void {
  const command = program
    .command("down")
    .description("Stop a running `busbar up` of this topology and wait until it has ended.")
    .option("--node <name>", "only the `up` of this node")
    .option("--timeout <duration>", "how long to wait", duration, "60s");
  cli.command<Options>(command, ["busbar down", "busbar down --node core"], async ({ node, timeout }) => {
    const bus = await RunningBus.find(cli.topologyPath());
    const ups = bus.ups.filter((up) => node === undefined || nodeOf(up) === node);
    if (ups.length === 0) throw node === undefined ? bus.notRunning() : notStartedAlone(bus, node);
    for (const up of ups) process.kill(up.pid, "SIGTERM");
    const end = performance.now() + parseDuration(timeout);
    for (const up of ups) {
      while (isAlive(up)) {
        if (performance.now() > end)
          throw new BusError("core/timeout", { details: { what: `stopping process ${up.pid}`, timeout } });
        await sleep(POLL_MS);
      }
    }
    const stopped = ups.map((up) => ({ pid: up.pid, node: nodeOf(up) ?? null }));
    cli.print({ bus: bus.name, stopped }, `${bus.name} has stopped`);
    return undefined;
  });
}

/** The bus may well run, only not by an `up --node` of that name. */
function notStartedAlone(bus: RunningBus, node: string): BusError {
  if (bus.ups.length === 0) return bus.notRunning();
  const running = bus.ups.map((up) => `${nodeOf(up) ?? "the whole bus"} (process ${up.pid})`).join(", ");
  const reason = `no \`busbar up --node ${node}\` of ${bus.name} is running here, but ${running}; nothing was stopped`;
  return new BusError("runtime/usage", { details: { reason } });
}
