/** The reference page of topology.toml, made from the key table. Pure. */
import { type Key, keysOf, SECTIONS, type Section, type ValueType } from "./keys.ts";
import { formatDuration, formatSize } from "./units.ts";

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
  durations: "two durations",
  size: "size",
  choice: "choice",
  env: "table of texts",
  config: "table",
  history: "table of type = integer",
  policy: "text or table, see [policy](#policy)",
  restart: "text or table, see [restart](#restart)",
};

const cell = (text: string): string => text.replaceAll("|", "\\|");

function limits(key: Key): string {
  if (key.allowed !== undefined) return key.allowed.map((item) => `\`"${item}"\``).join(", ");
  const show = key.type === "duration" ? formatDuration : key.type === "size" ? formatSize : String;
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

export const topologyReference = (): string =>
  [
    "# topology.toml",
    "",
    "<!-- Made from bus/topology/keys.ts by `node dist/bus/topology/generate.js`; edit there. -->",
    "",
    "One TOML file names the services of a bus and decides where they run and how their messages travel. Anything that is",
    "not on this page is refused, with line, column and, where one is near, the key that was probably meant.",
    "",
    'Durations are numbers with `ms`, `s`, `m` or `h` (`"500ms"`, `"5s"`), sizes numbers with `B`, `KiB`, `MiB` or `GiB`',
    '(`"4MiB"`); both are texts, in quotes. Names begin with a letter and go on with letters, digits, `_`, `-` or `.`, 48 at',
    "most; names that begin with `busbar.` are reserved. In patterns `*` stands for any characters. Editors that know JSON",
    "Schema read `schema/topology.schema.json`.",
    "",
    ...SECTIONS.map(section),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
