import { type Command, Option } from "commander";
import type { Plan } from "#generated/busbar/plan";
import { capabilities } from "#runtime";
import { loadPlan, type Mode, type TransportChoice } from "#topology";
import type { CommonOptions } from "../cli.ts";

/** What changes a plan from the command line. */
export interface PlanOptions extends CommonOptions {
  mode?: Mode;
  node?: string;
  transport?: TransportChoice;
}

export const withPlanOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--mode <mode>", "as `busbar up --mode` would place services").choices(["monolith", "bundled"]),
    )
    .option("--node <name>", "as seen from the host of this node")
    .addOption(
      new Option("--transport <name>", "as `busbar up --transport` would choose").choices([
        "auto",
        "local",
        "ring",
        "unix",
        "tcp",
      ]),
    );

export const planWith = async (path: string, { mode, node, transport }: PlanOptions): Promise<Plan> =>
  loadPlan(path, {
    capabilities: await capabilities(),
    overrides: {
      ...(mode === undefined ? {} : { mode }),
      ...(node === undefined ? {} : { node }),
      ...(transport === undefined ? {} : { transport }),
    },
  });
