/**
 * Every key of topology.toml, once. The check, the JSON Schema for editors and the reference page are made from this
 * table, so none of them can know a key that the others do not.
 */
export type SectionId =
  | "bus"
  | "nodes"
  | "services"
  | "edges"
  | "security.tcp"
  | "engine"
  | "sites"
  | "policy"
  | "restart";

export type ValueType =
  /** Name of a bus, node or service. */
  | "name"
  /** List of names. */
  | "names"
  /** Name, or pattern with `*`. */
  | "glob"
  | "globs"
  /** Text without NUL, not empty. */
  | "text"
  | "texts"
  | "host"
  | "run"
  | "boolean"
  | "integer"
  | "duration"
  /** Two durations, "200ms..10s". */
  | "durations"
  | "size"
  | "choice"
  /** Table of texts. */
  | "env"
  /** Any table. */
  | "config"
  /** Table of type name -> count. */
  | "history"
  /** Table with the keys of the section of the same name, or its first key as a text. */
  | "policy"
  | "restart";

export interface Key {
  readonly section: SectionId;
  readonly name: string;
  readonly type: ValueType;
  readonly doc: string;
  /** TOML text of what holds when the key is absent. */
  readonly default?: string;
  readonly required?: boolean;
  readonly allowed?: readonly string[];
  /** Of a number, or of a duration in ms, or of a size in bytes. */
  readonly min?: number;
  readonly max?: number;
  /** TOML text. */
  readonly example: string;
}

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

export const POLICY_KINDS: readonly string[] = ["block", "error", "drop_newest", "drop_oldest", "latest"];
export const RUN_SCHEMES: readonly string[] = ["ts", "native", "python", "exec"];
const U32_MAX = 2 ** 32 - 1;
const KIB = 1024;
const MIB = 1024 * KIB;

const bus: readonly Key[] = [
  {
    section: "bus",
    name: "name",
    type: "name",
    required: true,
    example: '"galaxy"',
    doc: "Name of the bus; part of its runtime folder.",
  },
  {
    section: "bus",
    name: "schema",
    type: "text",
    default: '"schema"',
    example: '"schema"',
    doc: "Folder of the .fbs files and schema.lock, relative to this file.",
  },
  {
    section: "bus",
    name: "runtime_dir",
    type: "text",
    default: '"auto"',
    example: '"auto"',
    doc: "Folder for sockets and the compiled plan. `auto`: busbar under $XDG_RUNTIME_DIR, else a 0700 folder under the temp folder.",
  },
  {
    section: "bus",
    name: "default_policy",
    type: "policy",
    default: '"block"',
    example: '"block"',
    doc: "Policy of edges that no [[edges]] entry gives one.",
  },
  {
    section: "bus",
    name: "log",
    type: "choice",
    default: '"info"',
    example: '"debug"',
    allowed: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    doc: "Least level that is logged.",
  },
];

const nodes: readonly Key[] = [
  {
    section: "nodes",
    name: "name",
    type: "name",
    required: true,
    example: '"core"',
    doc: "Name of the node, and of its process.",
  },
  {
    section: "nodes",
    name: "services",
    type: "names",
    required: true,
    example: '["cards", "combat"]',
    doc: "Services of this node. A service is on one node only.",
  },
  {
    section: "nodes",
    name: "host",
    type: "host",
    default: '"localhost"',
    example: '"10.0.2.20"',
    doc: "Address under which other hosts reach the node. Absent, localhost, 127.0.0.1 and ::1 are this machine; names are compared as text, never resolved.",
  },
  {
    section: "nodes",
    name: "port",
    type: "integer",
    min: 1,
    max: 65535,
    example: "9001",
    doc: "TCP port of the node's inbox. Needed on another host; else a free port is chosen at start.",
  },
];

const services: readonly Key[] = [
  {
    section: "services",
    name: "run",
    type: "run",
    example: '"native:cards"',
    doc: "What runs the service: `ts:` a TypeScript module, `native:` a plugin, `python:` a script, `exec:` any program. Absent: you start it yourself.",
  },
  {
    section: "services",
    name: "args",
    type: "texts",
    default: "[]",
    example: '["--verbose"]',
    doc: "Arguments, one list entry each; never a shell line.",
  },
  {
    section: "services",
    name: "env",
    type: "env",
    default: "{}",
    example: '{ LEVEL = "3" }',
    doc: "Environment of the service's own process. Variables that change how programs load code are refused.",
  },
  {
    section: "services",
    name: "cwd",
    type: "text",
    default: '"."',
    example: '"services/policy"',
    doc: "Working folder of the service's own process, relative to this file.",
  },
  {
    section: "services",
    name: "config",
    type: "config",
    default: "{}",
    example: "{ seed = 7 }",
    doc: "Handed to the service as it is.",
  },
  {
    section: "services",
    name: "publishes",
    type: "globs",
    example: '["galaxy.TurnStart"]',
    doc: "Types it may publish; `*` stands for any characters.",
  },
  {
    section: "services",
    name: "subscribes",
    type: "globs",
    example: '["galaxy.*"]',
    doc: "Types it may subscribe to.",
  },
  {
    section: "services",
    name: "serves",
    type: "globs",
    example: '["Cards"]',
    doc: "Rpc services it answers, by short or full name.",
  },
  {
    section: "services",
    name: "calls",
    type: "globs",
    example: '["Cards", "Combat"]',
    doc: "Rpc services it may call. With none of these four keys a service may use everything.",
  },
  {
    section: "services",
    name: "restart",
    type: "restart",
    default: '{ policy = "on-failure" }',
    example: '{ policy = "on-failure", max = 5, window = "60s", backoff = "200ms..10s" }',
    doc: "What happens when its process ends.",
  },
  {
    section: "services",
    name: "threads",
    type: "integer",
    default: "1",
    min: 1,
    max: 1024,
    example: "2",
    doc: "Worker threads inside the service. Makes no edges.",
  },
  {
    section: "services",
    name: "thread",
    type: "choice",
    default: '"shared"',
    example: '"shared"',
    allowed: ["shared", "own"],
    doc: "`own` puts a ts: service on a worker thread of its process.",
  },
  {
    section: "services",
    name: "instances",
    type: "integer",
    default: "1",
    min: 1,
    max: 256,
    example: "2",
    doc: "More than one makes NAME#0, NAME#1, …, each with its own inbox: requests go to one after another, messages to each.",
  },
  {
    section: "services",
    name: "isolate",
    type: "boolean",
    default: "false",
    example: "true",
    doc: "Gives a ts: or native: service a process of its own.",
  },
  {
    section: "services",
    name: "concurrency",
    type: "integer",
    default: "64",
    min: 1,
    max: 65536,
    example: "64",
    doc: "Requests that asynchronous handlers may have in work at a time.",
  },
  {
    section: "services",
    name: "wait",
    type: "choice",
    default: '"adaptive"',
    example: '"sleep"',
    allowed: ["adaptive", "spin", "sleep"],
    doc: "How it waits for messages from a ring.",
  },
  {
    section: "services",
    name: "history",
    type: "history",
    default: "{}",
    min: 1,
    max: 65536,
    example: '{ "galaxy.TurnStart" = 10 }',
    doc: "Per published type, how many of its last messages a late subscriber gets first.",
  },
  {
    section: "services",
    name: "ready_timeout",
    type: "duration",
    default: '"30s"',
    min: 1,
    example: '"30s"',
    doc: "How long it may take to become ready.",
  },
  {
    section: "services",
    name: "stop_timeout",
    type: "duration",
    default: '"5s"',
    min: 1,
    example: '"5s"',
    doc: "How long it may take to stop before it is killed.",
  },
];

const edges: readonly Key[] = [
  {
    section: "edges",
    name: "from",
    type: "glob",
    required: true,
    example: '"turns"',
    doc: "Publishing or calling service, or a pattern.",
  },
  {
    section: "edges",
    name: "to",
    type: "glob",
    required: true,
    example: '"*"',
    doc: "Subscribing or serving service, or a pattern.",
  },
  {
    section: "edges",
    name: "types",
    type: "globs",
    example: '["galaxy.*"]',
    doc: "Narrows `policy` to these types; the other keys hold for the whole edge when one of the types travels on it.",
  },
  {
    section: "edges",
    name: "transport",
    type: "choice",
    default: '"auto"',
    example: '"unix"',
    allowed: ["auto", "local", "ring", "unix", "tcp", "nats"],
    doc: "How the link of the pair travels, both directions. `auto`: the best that both ends have.",
  },
  {
    section: "edges",
    name: "policy",
    type: "policy",
    example: '{ kind = "block", timeout = "2s" }',
    doc: "What happens when the edge is full.",
  },
  {
    section: "edges",
    name: "capacity",
    type: "size",
    default: '"1MiB"',
    min: 4 * KIB,
    max: 1024 * MIB,
    example: '"4MiB"',
    doc: "Room for messages under way, per lane. Raised to twice max_message when it is less.",
  },
  {
    section: "edges",
    name: "max_message",
    type: "size",
    default: '"256KiB"',
    min: KIB,
    max: 16 * MIB,
    example: '"1MiB"',
    doc: "Largest message; a larger one is refused before it is sent.",
  },
  {
    section: "edges",
    name: "delivery",
    type: "choice",
    default: '"plain"',
    example: '"plain"',
    allowed: ["plain", "acked", "durable"],
    doc: "What survives a lost connection: nothing, what was not acknowledged, everything. Only `plain` in this version.",
  },
];

const others: readonly Key[] = [
  {
    section: "security.tcp",
    name: "keys",
    type: "text",
    required: true,
    example: '"keys/"',
    doc: "Folder of the CURVE keys that `busbar keys` made, relative to this file. Needed as soon as a node is on a host that is not loopback.",
  },
  {
    section: "engine",
    name: "kind",
    type: "choice",
    required: true,
    allowed: ["nats"],
    example: '"nats"',
    doc: "Kind of broker.",
  },
  {
    section: "engine",
    name: "servers",
    type: "texts",
    required: true,
    example: '["nats://10.0.0.5:4222"]',
    doc: "Its addresses.",
  },
  {
    section: "engine",
    name: "credentials",
    type: "text",
    example: '"keys/nats.creds"',
    doc: "File with the credentials, relative to this file.",
  },
  { section: "sites", name: "name", type: "name", required: true, example: '"berlin"', doc: "Name of the site." },
  { section: "sites", name: "nodes", type: "names", required: true, example: '["core"]', doc: "Its nodes." },
  {
    section: "policy",
    name: "kind",
    type: "choice",
    default: '"block"',
    allowed: POLICY_KINDS,
    example: '"latest"',
    doc: "`block` waits, `error` says full, `drop_newest` and `drop_oldest` lose and count, `latest` keeps the newest of each type, topic and key.",
  },
  {
    section: "policy",
    name: "timeout",
    type: "duration",
    default: '"5s"',
    min: 1,
    example: '"2s"',
    doc: "How long `block` waits before it gives up and counts the message as lost.",
  },
  {
    section: "restart",
    name: "policy",
    type: "choice",
    default: '"on-failure"',
    allowed: ["never", "on-failure", "always"],
    example: '"always"',
    doc: "When it is started again.",
  },
  {
    section: "restart",
    name: "max",
    type: "integer",
    default: "5",
    min: 0,
    max: U32_MAX,
    example: "5",
    doc: "Restarts within the window before it stays down.",
  },
  {
    section: "restart",
    name: "window",
    type: "duration",
    default: '"60s"',
    min: 1,
    example: '"60s"',
    doc: "Time in which restarts are counted.",
  },
  {
    section: "restart",
    name: "backoff",
    type: "durations",
    default: '"200ms..10s"',
    example: '"200ms..10s"',
    doc: "Wait before the first restart, and the longest wait after doubling.",
  },
];

export const KEYS: readonly Key[] = [...bus, ...nodes, ...services, ...edges, ...others];

export const keysOf = (section: SectionId): readonly Key[] => KEYS.filter((key) => key.section === section);

/** What may stand at the root of the file. */
export const ROOT_KEYS: readonly string[] = ["bus", "nodes", "services", "edges", "security", "engine", "sites"];
