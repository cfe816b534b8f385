import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { encodePlan } from "#runtime";
import type { Cli } from "../cli.ts";
import { type PlanOptions, planWith, withPlanOptions } from "./plan-options.ts";

interface Options extends PlanOptions {
  out?: string;
}

export function addPlan(program: Command, cli: Cli): void {
  const command = withPlanOptions(
    program
      .command("plan")
      .description("Compile the topology to the plan that every process of the bus reads.")
      .option("--out <file>", "write the plan as a FlatBuffer (schema/bus/plan.fbs)"),
  );
  cli.command<Options>(
    command,
    ["busbar plan", "busbar plan --json", "busbar plan --out plan.bin"],
    async (options) => {
      const plan = await planWith(cli.topologyPath(), options);
      if (options.out !== undefined) writeFileSync(options.out, encodePlan(plan));
      cli.print(
        plan,
        [
          `bus ${plan.bus}, ${plan.mode}, plan ${plan.hash}`,
          `${plan.services.length} services in ${plan.processes.length} processes, ${plan.edges.length} edges, ${plan.types.length} types`,
          `runtime folder ${plan.runtimeDir}`,
          ...plan.warnings.map((warning) => `warning: ${warning}`),
          ...(options.out === undefined ? [] : [`wrote ${options.out}`]),
        ].join("\n"),
      );
      return undefined;
    },
  );
}
