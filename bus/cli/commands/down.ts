import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { isAlive, nodeOf, RunningBus } from "#runtime";
import { parseDuration } from "#topology";
import { BusError } from "#wire";
import type { Cli, CommonOptions } from "../cli.ts";

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
    .option("--timeout <duration>", "how long to wait", "60s");
  cli.command<Options>(command, ["busbar down", "busbar down --node core"], async ({ node, timeout }) => {
    const bus = await RunningBus.find(cli.topologyPath());
    const ups = bus.ups.filter((up) => node === undefined || nodeOf(up) === node);
    if (ups.length === 0) throw bus.notRunning();
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
