import type { EdgeExplanation } from "./api.ts";
import type { LinkStatus } from "./hub-api.ts";
import { type PlanIndex, policyNameOf, transportNameOf } from "./plan-index.ts";

/** Rows for every edge of the plan that touches a chosen service, with the state of its link. */
export const explainEdges = (
  index: PlanIndex,
  isChosen: (service: string) => boolean,
  links: readonly LinkStatus[],
): EdgeExplanation[] => {
  const live = new Map(links.map((link) => [link.pair, link]));
  return index.plan.edges
    .filter((edge) => isChosen(edge.source) || isChosen(edge.target))
    .map((edge) => {
      const link = live.get(`${edge.source} <-> ${edge.target}`) ?? live.get(`${edge.target} <-> ${edge.source}`);
      const policy = edge.policy;
      const kind = policyNameOf(policy?.kind ?? 0);
      return {
        edge: `${edge.source} -> ${edge.target}`,
        transport: transportNameOf(edge.carrier),
        reason: edge.reason ?? "",
        policy: kind === "block" ? `block, ${policy?.timeoutMs ?? 5000} ms` : kind,
        capacity: `${edge.capacityBytes} B`,
        types: edge.open ? ["any"] : edge.types.map((entry) => entry.type),
        rpcs: edge.open ? ["any"] : [...edge.rpcs],
        ...(link === undefined
          ? {}
          : { live: { state: link.state, ...(link.note === undefined ? {} : { note: link.note }) } }),
      };
    });
};
