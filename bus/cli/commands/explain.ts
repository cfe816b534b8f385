import type { Command } from "commander";
import type { EdgeExplanation } from "#core";
import { RunningBus } from "#runtime";
import { explainPlan, explainTable } from "#topology";
import type { Cli } from "../cli.ts";
import { table } from "../table.ts";
import { type PlanOptions, planWith, withPlanOptions } from "./plan-options.ts";

interface Options extends PlanOptions {
  live?: boolean;
}

const ANSWER_MS = 5000;

export function addExplain(program: Command, cli: Cli): void {
  const command = withPlanOptions(
    program
      .command("explain")
      .description("Say for every edge which transport carries it, with which policy, and why.")
      .option("--live", "ask the running bus what its links agreed on"),
  );
  cli.command<Options>(
    command,
    ["busbar explain", "busbar explain --mode monolith", "busbar explain --live"],
    async (options) => {
      const path = cli.topologyPath();
      if (options.live !== true) {
        const plan = await planWith(path, options);
        cli.print(explainPlan(plan), explainTable(plan));
        return undefined;
      }
      const bus = await RunningBus.find(path);
      const rows = await liveRows(bus);
      cli.print(
        rows,
        table([
          ["EDGE", "TRANSPORT", "STATE", "POLICY", "NOTE"],
          ...rows.map((row) => [
            row.edge,
            row.transport,
            row.live?.state ?? "",
            row.policy,
            row.live?.note ?? row.reason.replace(`${row.transport}: `, ""),
          ]),
        ]),
      );
      return undefined;
    },
  );
}

/** Each edge once, as its source sees it where that is here. */
async function liveRows(bus: RunningBus): Promise<EdgeExplanation[]> {
  const plan = await bus.plan();
  const processes = bus.processes(plan);
  if (processes.length === 0) throw bus.notRunning();
  const rows = new Map<string, EdgeExplanation>();
  for (const { name } of processes) {
    const client = await bus.connect(name);
    const sources = new Set(plan.services.filter((s) => s.process === name).map((service) => service.name));
    for (const row of (await client.call("explain", {}, { timeoutMs: ANSWER_MS })) as EdgeExplanation[]) {
      const source = row.edge.slice(0, row.edge.indexOf(" -> "));
      if (sources.has(source) || !rows.has(row.edge)) rows.set(row.edge, row);
    }
    client.close();
  }
  return [...rows.values()];
}
