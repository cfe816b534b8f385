/** The reference page of topology.toml, made from the key table. Pure. */
import { type Key, keysOf, SECTIONS, type Section, type ValueType } from "./keys.ts";
import { formatDuration, formatSize, formatSpan } from "./units.ts";

const TYPES: Readonly<Record<ValueType, string>> = {
  name: "name",
  names: "list of names",
  glob: "name or pattern",
  globs: "list of names or patterns",
  text: "text",
  texts: "list of texts",
  host: "host name or address",
  run: "`scheme:target`",
  boolean: "true or false",
  integer: "integer",
  duration: "duration",
  span: "simulated time",
  rate: '`"paused"`, `"max"` or number',
  durations: "two durations",
  size: "size",
  choice: "choice",
  env: "table of texts",
  config: "table",
  history: "table of type = integer",
  policy: "text or table, see [policy](#policy)",
  restart: "text or table, see [restart](#restart)",
};

const SHOW: Readonly<Partial<Record<ValueType, (value: number) => string>>> = {
  duration: formatDuration,
  span: formatSpan,
  size: formatSize,
};

const cell = (text: string): string => text.replaceAll("|", "\\|");

function limits(key: Key): string {
  if (key.allowed !== undefined) return key.allowed.map((item) => `\`"${item}"\``).join(", ");
  const show = SHOW[key.type] ?? String;
  if (key.min !== undefined && key.max !== undefined) return `${show(key.min)} to ${show(key.max)}`;
  return key.min === undefined ? "" : `at least ${show(key.min)}`;
}

function row(key: Key): string {
  const otherwise = key.required === true ? "**needed**" : key.default === undefined ? "none" : `\`${key.default}\``;
  const allowed = limits(key);
  const type = allowed === "" ? TYPES[key.type] : `${TYPES[key.type]}: ${allowed}`;
  return `| \`${key.name}\` | ${cell(type)} | ${cell(otherwise)} | ${cell(key.doc)} | \`${cell(`${key.name} = ${key.example}`)}\` |`;
}

const section = ({ id, heading, doc }: Section): string =>
  [
    `## ${heading}`,
    "",
    doc,
    "",
    "| key | value | default | meaning | example |",
    "|---|---|---|---|---|",
    ...keysOf(id).map(row),
    "",
  ].join("\n");

const TRANSPORTS = `## How a pair of services gets its transport

| the two services are | transport | asked for otherwise |
|---|---|---|
| \`ts:\` services of one thread | \`local\`, by reference | refused |
| in one process, one of them a plugin or with \`thread = "own"\` | \`ring\` in private memory (\`unix\` between threads where the native addon is missing) | refused |
| in different processes of one host | \`unix\` (\`ring\` where a version has rings between processes) | \`ring\`, \`unix\`, \`tcp\` are taken; \`local\` is refused |
| on different hosts | \`tcp\`; one of them must have its node's port | only \`tcp\` is taken |
| on nodes of different sites | \`nats\`, which is not part of this version | refused |

\`ts:\` and \`native:\` services of a node share its process. A service with \`isolate = true\`, a \`python:\` or \`exec:\` service and one
that you start yourself has a process of its own, of its own name. \`thread = "own"\` keeps a \`ts:\` service in its node's process,
on a worker thread; commands show it as SERVICE@NODE. \`--mode monolith\` puts all that can share a process into one,
\`--mode bundled\` brings all nodes to this machine. An entry with a pattern in \`from\` or \`to\`, an entry in a monolith, and
\`--transport\` leave services of one process as they are, where an entry that names both is refused. \`--transport\` also leaves
different hosts on \`tcp\`. \`busbar explain\` says for every edge what it got, and why.
`;

export const topologyReference = (): string =>
  [
    "# topology.toml",
    "",
    "<!-- Made from bus/topology/key-table.ts by `node dist/bus/topology/generate.js`; edit there. -->",
    "",
    "One TOML file names the services of a bus and decides where they run and how their messages travel. Anything that is",
    "not on this page is refused, with line, column and, where one is near, the key that was probably meant.",
    "",
    'Durations are numbers with `ms`, `s`, `m` or `h` (`"500ms"`, `"5s"`), sizes numbers with `B`, `KiB`, `MiB` or `GiB`',
    '(`"4MiB"`); simulated times may also have `ns` and `us`. All are texts, in quotes. Names begin with a letter and go on with letters, digits, `_`, `-` or `.`, 48 at',
    "most; names that begin with `busbar.` are reserved. In patterns `*` stands for any characters. Editors that know JSON",
    "Schema read `schema/topology.schema.json`.",
    "",
    ...SECTIONS.map(section),
    TRANSPORTS,
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
