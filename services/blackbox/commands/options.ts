/** Options that several commands share, from text to a query. */
import { BusError, type CommandOption } from "#bus";
import type { Query, Turns } from "../recording/query.ts";

export const usage = (reason: string): BusError => new BusError("runtime/usage", { details: { reason } });

export const QUERY_OPTIONS: readonly CommandOption[] = [
  { flags: "--types <names>", description: "message types, separated by commas; the last part of a name will do" },
  { flags: "--turns <turns>", description: "turns: 7, 3..9, 3.., 1,4,8" },
  { flags: "--factions <ids>", description: "factions, separated by commas" },
  { flags: "--entities <ids>", description: "events that name one of these entities in any role" },
  { flags: "--combat <id>", description: "events of one combat" },
  { flags: "--topics <names>", description: "bus topics, separated by commas" },
  { flags: "--from <time>", description: "simulated time: ns, or 20ms, 1.5s, 2m" },
  { flags: "--to <time>", description: "times before this one" },
];

export const PAGE_OPTIONS: readonly CommandOption[] = [
  { flags: "--limit <n>", description: "end after so many events" },
  { flags: "--cursor <cursor>", description: "go on behind the event that had this cursor" },
];

type Options = Readonly<Record<string, unknown>>;

/** @throws BusError runtime/usage */
export function queryOf(options: Options): Query {
  const query = {
    types: list(options.types),
    turns: text(options.turns) === undefined ? undefined : turnsOf(String(options.turns)),
    factions: list(options.factions)?.map((id) => big("--factions", id)),
    entities: list(options.entities)?.map((id) => big("--entities", id)),
    combat: text(options.combat),
    topics: list(options.topics),
    from: text(options.from) === undefined ? undefined : timeOf("--from", String(options.from)),
    to: text(options.to) === undefined ? undefined : timeOf("--to", String(options.to)),
    limit: text(options.limit) === undefined ? undefined : natural("--limit", String(options.limit)),
    cursor: text(options.cursor),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const list = (value: unknown): string[] | undefined =>
  text(value)
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** @throws BusError runtime/usage */
export function natural(option: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw usage(`${option} is '${value}'; a whole number is needed`);
}

function big(option: string, value: string): bigint {
  if (/^\d{1,20}$/.test(value)) return BigInt(value);
  throw usage(`${option} has '${value}', which is no id`);
}

function turnsOf(value: string): Turns {
  const range = /^(\d*)\.\.(\d*)$/.exec(value);
  if (range === null) {
    const turns = value.split(",").map((turn) => turn.trim());
    if (turns.every((turn) => /^\d+$/.test(turn))) return turns.map((turn) => natural("--turns", turn));
    const meant = /^(\d+) *(?:-|\.{1,3}|:|to) *(\d+)$/.exec(value);
    const [first, last] = (meant?.slice(1) ?? ["3", "9"]).sort((a, b) => Number(a) - Number(b));
    throw usage(`--turns is '${value}'; a range is written ${first}..${last}, single turns 1,4,8`);
  }
  const [, from, to] = range;
  if (from !== "" && to !== "" && Number(from) > Number(to))
    throw usage(`--turns is '${value}'; the first turn is above the last: write ${to}..${from}`);
  return {
    ...(from === "" ? {} : { from: natural("--turns", from!) }),
    ...(to === "" ? {} : { to: natural("--turns", to!) }),
  };
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** ns, exactly: "1.5s" is no float on its way. @throws BusError runtime/usage */
export function timeOf(option: string, value: string): bigint {
  const parts = /^(\d{1,20})(?:\.(\d{1,9}))?(ns|us|ms|s|m|h)?$/.exec(value);
  if (parts === null) throw usage(`${option} is '${value}'; write ns, or 20ms, 1.5s, 2m`);
  const [, whole, fraction = "", unit = "ns"] = parts;
  const scale = UNITS[unit]!;
  return BigInt(whole!) * scale + (BigInt(fraction.padEnd(9, "0")) * scale) / 1_000_000_000n;
}
