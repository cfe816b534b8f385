import type { Plan } from "#generated/busbar/plan";
import { LOCALHOST } from "./host.ts";

/**
 * Whether a process of the plan has a TCP address of another one. On one host it always has, by port or port file; between hosts
 * only the process that got its node's port can be dialed. When both can, the lower service name dials (semantics 2.2);
 * the resolver refuses plans in which neither can.
 */
export function canDial(plan: Plan, from: string, to: string): boolean {
  const target = plan.processes.find((process) => process.name === to);
  const here = hostOf(plan, from);
  const there = hostOf(plan, to);
  if (target === undefined || here === undefined || there === undefined) return false;
  return here === there || (there !== LOCALHOST && target.port !== 0);
}

function hostOf(plan: Plan, name: string): string | undefined {
  const process = plan.processes.find((candidate) => candidate.name === name);
  return plan.nodes.find((node) => node.name === process?.node)?.host;
}
