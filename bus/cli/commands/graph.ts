import { type Command, Option } from "commander";
import { graphMermaid, graphText } from "#topology";
import type { Cli } from "../cli.ts";
import { type PlanOptions, planWith, withPlanOptions } from "./plan-options.ts";

interface Options extends PlanOptions {
  format: "mermaid" | "text";
}

export function addGraph(program: Command, cli: Cli): void {
  const command = withPlanOptions(
    program
      .command("graph")
      .description("Draw nodes, processes, services and links.")
      .addOption(
        new Option("--format <format>", "a tree for the terminal, or a flowchart for pages")
          .choices(["text", "mermaid"])
          .default("text"),
      ),
  );
  cli.command<Options>(command, ["busbar graph", "busbar graph --format mermaid > docs/graph.mmd"], async (options) => {
    const plan = await planWith(cli.topologyPath(), options);
    const graph = options.format === "mermaid" ? graphMermaid(plan) : graphText(plan);
    cli.print({ format: options.format, graph }, graph);
    return undefined;
  });
}
