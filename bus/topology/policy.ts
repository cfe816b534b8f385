import type { KeyPath } from "./place.ts";
import type { Problems } from "./problem.ts";
import { isTable } from "./read-value.ts";
import type { PolicySetting } from "./topology.ts";

/** The setting in a section `policy` that was read, or undefined when there is none. */
export function policyOf(value: unknown): PolicySetting | undefined {
  if (!isTable(value)) return undefined;
  return { kind: value.kind as PolicySetting["kind"], timeoutMs: value.timeout as number | undefined };
}

/** A time-out belongs to `block` only. */
export function checkPolicy(problems: Problems, value: unknown, path: KeyPath): void {
  const policy = policyOf(value);
  if (policy?.timeoutMs === undefined || policy.kind === undefined || policy.kind === "block") return;
  problems.add("topology/contradiction", [...path, "timeout"], "key", {
    reason: `policy "${policy.kind}" never waits, so it has no timeout; remove timeout, or write kind = "block"`,
  });
}
