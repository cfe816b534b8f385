/** A plan as a picture: Mermaid for pages, a tree for the terminal. Pure. */
import { type Plan, RunKind } from "#generated/busbar/plan";
import { carrierName } from "./explain.ts";

const KIND_NAMES = Object.keys(RunKind);

interface LinkLine {
  readonly a: string;
  readonly b: string;
  readonly transport: string;
  /** Whether something declared or open goes from a to b, and from b to a. */
  readonly there: boolean;
  readonly back: boolean;
}

/** One line per link: both directions travel together. */
function linksOf(plan: Plan): LinkLine[] {
  const carries = new Set(
    plan.edges
      .filter((edge) => edge.open || edge.types.length > 0 || edge.rpcs.length > 0)
      .map((edge) => `${edge.source} ${edge.target}`),
  );
  return plan.edges
    .filter((edge) => edge.source < edge.target)
    .map((edge) => ({
      a: edge.source,
      b: edge.target,
      transport: carrierName(edge.carrier),
      there: carries.has(`${edge.source} ${edge.target}`),
      back: carries.has(`${edge.target} ${edge.source}`),
    }));
}

/** A Mermaid flowchart: nodes hold processes, processes hold services; links bear their transport. */
export function graphMermaid(plan: Plan): string {
  const ids = new Map(plan.services.map((service, i) => [service.name, `s${i}`]));
  const lines = ["flowchart LR"];
  for (const [i, node] of plan.nodes.entries()) {
    lines.push(`  subgraph n${i}["${node.name} (${node.host})"]`);
    for (const process of plan.processes.filter((candidate) => candidate.node === node.name)) {
      const p = `p${plan.processes.indexOf(process)}`;
      lines.push(`    subgraph ${p}["${kindOf(process)} ${process.name}"]`);
      for (const name of process.services) lines.push(`      ${ids.get(name)}["${name}"]`);
      lines.push("    end");
    }
    lines.push("  end");
  }
  for (const link of linksOf(plan)) {
    const [from, to] = link.there ? [link.a, link.b] : [link.b, link.a];
    const arrow = link.there && link.back ? "<-->" : "-->";
    lines.push(`  ${ids.get(from)} ${arrow}|${link.transport}| ${ids.get(to)}`);
  }
  return `${lines.join("\n")}\n`;
}

const kindOf = (process: Plan["processes"][number]): string => (process.threadOf === null ? "process" : "thread");

/** Nodes, processes and services as a tree, then the links. */
export function graphText(plan: Plan): string {
  const lines = [`${plan.bus} (${plan.mode})`];
  for (const node of plan.nodes) {
    lines.push(`  node ${node.name} on ${node.host}${node.port === 0 ? "" : `:${node.port}`}`);
    for (const process of plan.processes.filter((candidate) => candidate.node === node.name)) {
      lines.push(`    ${kindOf(process)} ${process.name}`);
      for (const service of plan.services.filter((candidate) => candidate.process === process.name)) {
        const target = service.target === null ? "" : ` ${service.target}`;
        lines.push(`      ${service.name} [${KIND_NAMES[service.kind]}${target}]`);
      }
    }
  }
  const links = linksOf(plan);
  if (links.length > 0) lines.push("  links");
  for (const link of links) {
    const arrow = link.there && link.back ? "<->" : link.there ? "->" : "<-";
    lines.push(`    ${link.a} ${arrow} ${link.b}  ${link.transport}`);
  }
  return `${lines.join("\n")}\n`;
}
