/**
 * Every key of topology.toml, once. The check, the JSON Schema for editors and the reference page are made from this
 * table, so none of them can know a key that the others do not.
 */
import type { Key, SectionId } from "./key.ts";
import { KEYS } from "./key-table.ts";

export { type Key, POLICY_KINDS, RUN_SCHEMES, type SectionId, type ValueType } from "./key.ts";
export { KEYS } from "./key-table.ts";

export interface Section {
  readonly id: SectionId;
  /** table `[x]`, list `[[x]]`, map `[x.NAME]`, or a value inside another section. */
  readonly form: "table" | "list" | "map" | "inline";
  readonly heading: string;
  readonly doc: string;
}

export const SECTIONS: readonly Section[] = [
  { id: "bus", form: "table", heading: "[bus]", doc: "The bus as a whole." },
  {
    id: "nodes",
    form: "list",
    heading: "[[nodes]]",
    doc: "A placement group: one process and its children. Without any, all services are on one node `main` here.",
  },
  {
    id: "services",
    form: "map",
    heading: "[services.NAME]",
    doc: "A service of one of the nodes. One that has no section is started by you and may use every type on the bus.",
  },
  {
    id: "edges",
    form: "list",
    heading: "[[edges]]",
    doc: "Settings of directed pairs of services. The last entry that matches wins, key by key.",
  },
  { id: "security.tcp", form: "table", heading: "[security.tcp]", doc: "Keys for connections between hosts." },
  { id: "engine", form: "table", heading: "[engine]", doc: "The broker of edges whose transport is nats." },
  {
    id: "sites",
    form: "list",
    heading: "[[sites]]",
    doc: "Groups of nodes that reach each other only through the engine.",
  },
  {
    id: "clock",
    form: "table",
    heading: "[clock]",
    doc: "The simulated clock: the reserved service `busbar.clock`, which services with `clock = true` follow.",
  },
  {
    id: "metrics",
    form: "table",
    heading: "[metrics]",
    doc: "Metrics for Prometheus: `busbar up` serves `/metrics` over HTTP.",
  },
  {
    id: "policy",
    form: "inline",
    heading: "policy",
    doc: 'What happens when an edge is full. `"block"` is short for `{ kind = "block" }`.',
  },
  {
    id: "restart",
    form: "inline",
    heading: "restart",
    doc: 'What happens when the process of a service ends. `"never"` is short for `{ policy = "never" }`.',
  },
];

export const keysOf = (section: SectionId): readonly Key[] => KEYS.filter((key) => key.section === section);

/** What may stand at the root of the file. */
export const ROOT_KEYS: readonly string[] = [
  "bus",
  "nodes",
  "services",
  "edges",
  "security",
  "engine",
  "sites",
  "clock",
  "metrics",
];
