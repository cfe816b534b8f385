/** A plan in words: one row per edge. Pure. */
import { Carrier, type Edge, type Plan, type Policy, PolicyKind } from "#generated/busbar/plan";
import type { CarrierName } from "./carrier.ts";
import { formatDuration, formatSize } from "./units.ts";

export interface ExplainRow {
  /** "turns -> ecs" */
  readonly edge: string;
  readonly source: string;
  readonly target: string;
  readonly transport: CarrierName;
  readonly reason: string;
  /** Of types without a policy of their own; "block 5s". */
  readonly policy: string;
  readonly capacity: string;
  readonly maxMessage: string;
  /** Type names, with their policy where it is not that of the edge. */
  readonly types: string[];
  readonly rpcs: string[];
  /** What the edge is for: what is declared, "anything" on an open edge, else "replies" or "control" (subscriptions, credits). */
  readonly carries: string;
}

const CARRIERS = Object.keys(Carrier) as CarrierName[];

/** Name of a carrier number of the plan. */
export const carrierName = (carrier: Carrier): CarrierName => CARRIERS[carrier] ?? "local";

const POLICY_NAMES: Readonly<Record<number, string>> = {
  [PolicyKind.block]: "block",
  [PolicyKind.error]: "error",
  [PolicyKind.dropNewest]: "drop_newest",
  [PolicyKind.dropOldest]: "drop_oldest",
  [PolicyKind.latest]: "latest",
};

/** "block 5s", "latest". */
export function policyText(policy: Policy | null): string {
  const kind = policy?.kind ?? PolicyKind.block;
  const name = POLICY_NAMES[kind] ?? "block";
  return kind === PolicyKind.block ? `${name} ${formatDuration(policy?.timeoutMs ?? 5000)}` : name;
}

export function explainPlan(plan: Plan): ExplainRow[] {
  const asking = new Set(
    plan.edges.filter((edge) => edge.rpcs.length > 0).map((edge) => `${edge.source} ${edge.target}`),
  );
  return plan.edges.map((edge) => explainEdge(edge, asking.has(`${edge.target} ${edge.source}`)));
}

/** @param answers whether the other direction carries requests */
export function explainEdge(edge: Edge, answers: boolean): ExplainRow {
  const policy = policyText(edge.policy);
  const types = edge.types.map((type) => {
    const own = policyText(type.policy ?? edge.policy);
    return own === policy ? type.type : `${type.type} (${own})`;
  });
  const declared = [...types, ...edge.rpcs];
  const otherwise = answers ? "replies" : "control";
  return {
    edge: `${edge.source} -> ${edge.target}`,
    source: edge.source,
    target: edge.target,
    transport: carrierName(edge.carrier),
    reason: edge.reason ?? "",
    policy,
    capacity: formatSize(edge.capacityBytes),
    maxMessage: formatSize(edge.messageBytesMax),
    types,
    rpcs: [...edge.rpcs],
    carries: edge.open ? ["anything", ...declared].join(", ") : declared.length > 0 ? declared.join(", ") : otherwise,
  };
}

/** Columns of equal width; the last one is not padded. */
export function explainTable(plan: Plan): string {
  const rows = explainPlan(plan);
  const header = ["EDGE", "TRANSPORT", "POLICY", "CAPACITY", "CARRIES", "WHY"];
  const cells = rows.map((row) => [row.edge, row.transport, row.policy, row.capacity, row.carries, why(row)]);
  const lines = table([header, ...cells]);
  const processes = table([
    ["PROCESS", "NODE", "SERVICES"],
    ...plan.processes.map(({ name, node, services, threadOf }) => [
      name,
      node,
      threadOf === null ? services.join(", ") : `${services.join(", ")} (a thread of ${threadOf})`,
    ]),
  ]);
  const warnings = plan.warnings.map((warning) => `warning: ${warning}`);
  return [
    `bus ${plan.bus}, ${plan.mode}, plan ${plan.hash.slice(0, 16)}`,
    "",
    ...processes,
    "",
    ...lines,
    ...warnings,
    "",
  ].join("\n");
}

const why = (row: ExplainRow): string => row.reason.replace(`${row.transport}: `, "");

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]))).join("  "));
}
