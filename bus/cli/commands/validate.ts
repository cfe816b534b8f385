import type { Command } from "commander";
import { refuseStaleSchema } from "#runtime";
import { loadPlan } from "#topology";
import type { Cli, CommonOptions } from "../cli.ts";

export function addValidate(program: Command, cli: Cli): void {
  const command = program
    .command("validate")
    .description("Check the topology against its schema and say what is wrong, with line and column.");
  cli.command<CommonOptions>(
    command,
    ["busbar validate", "busbar validate --topology deploy/topology.toml"],
    async () => {
      const path = cli.topologyPath();
      const plan = await loadPlan(path);
      refuseStaleSchema(plan);
      const { services, nodes, edges, warnings } = plan;
      const text = [
        ...warnings.map((warning) => `warning: ${warning}`),
        `${path} is sound: ${services.length} services on ${nodes.length} nodes, ${edges.length} edges, plan ${plan.hash.slice(0, 16)}`,
      ];
      cli.print(
        { valid: true, services: services.length, nodes: nodes.length, edges: edges.length, hash: plan.hash, warnings },
        text.join("\n"),
      );
      return undefined;
    },
  );
}
