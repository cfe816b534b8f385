/** Entries of [[edges]] on their own: names, and settings that this version does not carry. */
import { suggestion } from "#wire";
import { isGlob } from "./glob.ts";
import type { KeyPath } from "./place.ts";
import { checkPolicy, policyOf } from "./policy.ts";
import type { Problems } from "./problem.ts";
import { readSection, type Values } from "./read-section.ts";
import { type EdgeEntry, instanceNames, type ServiceEntry, type TransportChoice } from "./topology.ts";

export function checkEdges(
  problems: Problems,
  tables: readonly unknown[],
  services: readonly ServiceEntry[],
  complete: boolean,
): EdgeEntry[] {
  const names = new Set(services.flatMap((service) => [service.name, ...instanceNames(service)]));
  return tables.map((table, index) => {
    const path: KeyPath = ["edges", index];
    const values = readSection(problems, "edges", table, path, "[[edges]]");
    for (const key of ["from", "to"]) {
      const name = values[key] as string | undefined;
      if (name === undefined || isGlob(name) || names.has(name) || !complete) continue;
      const cure = suggestion(name, names);
      problems.add("topology/unknown-service", [...path, key], "value", { service: name, suggestion: cure });
    }
    checkSelf(problems, values, services, path);
    checkUnsupported(problems, values, path);
    checkPolicy(problems, values.policy, [...path, "policy"]);
    return {
      index,
      from: (values.from as string | undefined) ?? "",
      to: (values.to as string | undefined) ?? "",
      types: values.types as string[] | undefined,
      transport: values.transport as TransportChoice | undefined,
      policy: policyOf(values.policy),
      capacityBytes: values.capacity as number | undefined,
      messageBytesMax: values.max_message as number | undefined,
    };
  });
}

function checkSelf(problems: Problems, values: Values, services: readonly ServiceEntry[], path: KeyPath): void {
  if (values.from === undefined || values.from !== values.to || isGlob(values.from as string)) return;
  const service = services.find((candidate) => candidate.name === values.from);
  if (service !== undefined && service.instances > 1) return;
  const reason = `from and to are both '${values.from}'; an edge joins two services`;
  problems.add("topology/contradiction", [...path, "to"], "value", { reason });
}

function checkUnsupported(problems: Problems, values: Values, path: KeyPath): void {
  const refuse = (key: string, reason: string): void =>
    problems.add("topology/unsupported", [...path, key], "value", { reason });
  if (values.delivery === "acked" || values.delivery === "durable") {
    refuse(
      "delivery",
      `delivery = "${values.delivery}" is not part of this version: edges deliver while the link lives and count what a lost link takes; remove the key`,
    );
  }
  if (values.transport === "nats") {
    refuse("transport", 'transport = "nats" is not part of this version; use "auto", "unix" or "tcp"');
  }
}
