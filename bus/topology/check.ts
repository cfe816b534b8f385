/** From parsed TOML to a checked topology. Finds all faults that need neither a schema nor a computer to be seen. */
import { suggestion } from "#wire";
import { withClock } from "./check-clock.ts";
import { checkEdges } from "./check-edges.ts";
import { checkServices } from "./check-services.ts";
import { LOCALHOST, normalisedHost } from "./host.ts";
import { ROOT_KEYS } from "./keys.ts";
import { parseListen } from "./listen.ts";
import type { ParsedTopology } from "./parse.ts";
import type { KeyPath } from "./place.ts";
import { checkPolicy, policyOf } from "./policy.ts";
import { Problems } from "./problem.ts";
import { readSection, type Values } from "./read-section.ts";
import { isTable, shown } from "./read-value.ts";
import type { NodeEntry, Topology } from "./topology.ts";

/** The node of a file that declares none. */
export const IMPLICIT_NODE = "main";

/**
 * @throws BusError of the first fault in the file, with `details.problems` for all (see `problemsOf`): topology/unknown-key,
 * bad-value, missing-key, unknown-service, unknown-node, duplicate, contradiction, unsupported; runtime/forbidden-env;
 * schema/collision
 */
export function checkTopology(parsed: ParsedTopology): Topology {
  const { file, root, places } = parsed;
  const problems = new Problems(file, places);
  for (const name of Object.keys(root)) {
    if (ROOT_KEYS.includes(name)) continue;
    const cure = suggestion(name, ROOT_KEYS) || `; known sections: ${ROOT_KEYS.join(", ")}`;
    problems.add("topology/unknown-key", [name], "key", { key: name, suggestion: cure });
  }
  const bus = readSection(problems, "bus", root.bus ?? {}, ["bus"], "[bus]");
  checkPolicy(problems, bus.default_policy, ["bus", "default_policy"]);
  const written = nodesOf(problems, root.nodes);
  const maps = isTable(root.services ?? {}) ? ((root.services ?? {}) as Record<string, unknown>) : {};
  if (root.services !== undefined && !isTable(root.services)) {
    const problem = `must be tables [services.NAME], not ${shown(root.services)}`;
    problems.add("topology/bad-value", ["services"], "value", { key: "services", problem });
  }
  const placed = root.nodes === undefined ? [implicitNode(Object.keys(maps))] : written;
  const nodes = withSites(problems, root.sites, placed);
  // A list of services that could not be read may hold any name: nothing is said to be unknown then.
  const complete = nodes.every((node) => node.complete);
  const services = withClock(problems, root.clock, checkServices(problems, maps, nodes, complete), nodes);
  const edges = checkEdges(problems, listOf(problems, root.edges, "edges"), services, complete);
  const keys = keysFolder(problems, root.security);
  const metrics = metricsOf(problems, root.metrics, nodes);
  const engine = engineOf(problems, root.engine);
  problems.throwIfAny();
  return {
    file,
    bus: {
      name: bus.name as string,
      schema: (bus.schema as string | undefined) ?? "schema",
      runtimeDir: (bus.runtime_dir as string | undefined) ?? "auto",
      defaultPolicy: policyOf(bus.default_policy) ?? {},
      log: (bus.log as string | undefined) ?? "info",
    },
    nodes,
    services,
    edges,
    clock: root.clock !== undefined,
    ...(metrics === undefined ? {} : { metrics }),
    keys,
    engine,
    problems: () => new Problems(file, places),
  };
}

function listOf(problems: Problems, value: unknown, name: string): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  const problem = `must be a list of tables; write [[${name}]]`;
  problems.add("topology/bad-value", [name], "key", { key: name, problem });
  return [];
}

const implicitNode = (services: string[]): NodeEntry => ({
  index: -1,
  name: IMPLICIT_NODE,
  host: LOCALHOST,
  services,
  site: "",
  complete: true,
});

function nodesOf(problems: Problems, value: unknown): NodeEntry[] {
  const nodes: NodeEntry[] = [];
  const addresses = new Map<string, NodeEntry>();
  for (const [index, table] of listOf(problems, value, "nodes").entries()) {
    const values = readSection(problems, "nodes", table, ["nodes", index], "[[nodes]]");
    const node = nodeOf(values, index);
    const twin = nodes.find((other) => other.name === node.name && node.name !== "");
    if (twin !== undefined) {
      problems.add("topology/duplicate", ["nodes", index, "name"], "value", {
        what: `node '${node.name}'`,
        first: problems.line(["nodes", twin.index, "name"], "value"),
      });
    }
    if (node.host !== LOCALHOST && node.port === undefined && isTable(table) && !Object.hasOwn(table, "port")) {
      problems.add("topology/missing-key", ["nodes", index, "host"], "key", {
        key: `[[nodes]] port of ${node.name}`,
        cure: `node ${node.name} is on another host (${node.host}), which is reached by TCP; write port = 9001`,
      });
    }
    const address = `${node.host}:${node.port}`;
    const neighbour = addresses.get(address);
    if (neighbour !== undefined && node.port !== undefined) {
      problems.add("topology/contradiction", ["nodes", index, "port"], "value", {
        reason: `nodes ${neighbour.name} and ${node.name} have the same address ${address}; give one of them another port`,
      });
    } else addresses.set(address, node);
    nodes.push(node);
  }
  return nodes;
}

const nodeOf = (values: Values, index: number): NodeEntry => ({
  index,
  name: (values.name as string | undefined) ?? "",
  host: normalisedHost(values.host as string | undefined),
  port: values.port as number | undefined,
  services: (values.services as string[] | undefined) ?? [],
  site: "",
  complete: Array.isArray(values.services),
});

function withSites(problems: Problems, value: unknown, nodes: readonly NodeEntry[]): NodeEntry[] {
  const siteOf = new Map<string, { site: string; path: KeyPath }>();
  const names = new Map<string, KeyPath>();
  for (const [index, table] of listOf(problems, value, "sites").entries()) {
    const values = readSection(problems, "sites", table, ["sites", index], "[[sites]]");
    const site = (values.name as string | undefined) ?? "";
    const path: KeyPath = ["sites", index, "name"];
    const twin = names.get(site);
    if (twin !== undefined && site !== "") {
      const first = problems.line(twin, "value");
      problems.add("topology/duplicate", path, "value", { what: `site '${site}'`, first });
    } else names.set(site, path);
    for (const [i, name] of ((values.nodes as string[] | undefined) ?? []).entries()) {
      const at: KeyPath = ["sites", index, "nodes", i];
      const known = nodes.map((node) => node.name);
      if (!known.includes(name)) {
        problems.add("topology/unknown-node", at, "value", { node: name, suggestion: suggestion(name, known) });
      }
      const before = siteOf.get(name);
      if (before === undefined) siteOf.set(name, { site, path: at });
      else {
        problems.add("topology/duplicate", at, "value", {
          what: `node '${name}' in [[sites]]`,
          first: problems.line(before.path, "value"),
        });
      }
    }
  }
  return nodes.map((node) => ({ ...node, site: siteOf.get(node.name)?.site ?? "" }));
}

function keysFolder(problems: Problems, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!isTable(value)) {
    problems.add("topology/bad-value", ["security"], "value", { key: "[security]", problem: "must be a table" });
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (name === "tcp") continue;
    const cure = name === "keys" ? "; it is a key of [security.tcp]" : suggestion(name, ["tcp"]) || "; known keys: tcp";
    problems.add("topology/unknown-key", ["security", name], "key", { key: `[security] ${name}`, suggestion: cure });
  }
  if (value.tcp === undefined) return undefined;
  const path = ["security", "tcp"];
  return readSection(problems, "security.tcp", value.tcp, path, "[security.tcp]").keys as string | undefined;
}

function engineOf(problems: Problems, value: unknown): Topology["engine"] {
  if (value === undefined) return undefined;
  const values = readSection(problems, "engine", value, ["engine"], "[engine]");
  return {
    kind: (values.kind as string | undefined) ?? "",
    servers: (values.servers as string[] | undefined) ?? [],
    credentials: values.credentials as string | undefined,
  };
}

function metricsOf(problems: Problems, value: unknown, nodes: readonly NodeEntry[]): Topology["metrics"] {
  if (value === undefined) return undefined;
  const values = readSection(problems, "metrics", value, ["metrics"], "[metrics]");
  const known = nodes.map(({ name }) => name);
  const node = (values.node as string | undefined) ?? known[0] ?? "";
  if (!known.includes(node))
    problems.add("topology/unknown-node", ["metrics", "node"], "value", { node, suggestion: suggestion(node, known) });
  const { listen } = values;
  if (typeof listen !== "string") return undefined;
  const address = parseListen(listen, values.remote === true);
  if (typeof address !== "string") return { ...address, node };
  problems.add("topology/bad-value", ["metrics", "listen"], "value", { key: "[metrics] listen", problem: address });
  return undefined;
}
