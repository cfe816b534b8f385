/** One TOML value by its type in the key table: the parsed value, or what is wrong with it. */
import { suggestion } from "#wire";
import type { Key } from "./keys.ts";
import { RUN_SCHEMES } from "./keys.ts";
import {
  formatDuration,
  formatSize,
  formatSpan,
  readDuration,
  readDurationRange,
  readSize,
  readSpan,
} from "./units.ts";

export interface Fault {
  readonly problem: string;
  /** Key or index inside the value. */
  readonly at?: string | number;
}

/** `rest`: further faults of a list; `kept`: its sound entries, so that nothing else is blamed for a wrong one. */
export type Outcome =
  | { readonly value: unknown }
  | (Fault & { readonly rest?: readonly Fault[]; readonly kept?: readonly unknown[] });

const ok = (value: unknown): Outcome => ({ value });
const bad = (problem: string, at?: string | number): Outcome => ({ problem, at });

/** A value in words, short enough for one line. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value instanceof Date) return "a date";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a table" : String(value);
}

export const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,47}$/;
const NAME_RULE = "must begin with a letter and go on with letters, digits, '_', '-' or '.', 48 at most";

/** What is wrong with a name, or undefined. */
export function nameFault(name: unknown): string | undefined {
  if (typeof name !== "string") return `must be a text, not ${shown(name)}`;
  if (/^busbar\./i.test(name)) return `is ${shown(name)}; names that begin with 'busbar.' are reserved`;
  return NAME.test(name) ? undefined : `is ${shown(name)}; a name ${NAME_RULE}`;
}

function readText(value: unknown): Outcome {
  if (typeof value !== "string") return bad(`must be a text, not ${shown(value)}`);
  if (value.trim() === "") return bad("is empty");
  return value.includes("\0") ? bad("holds a NUL character") : ok(value);
}

function readList(value: unknown, what: string, read: (item: unknown) => Outcome): Outcome {
  if (typeof value === "string") return bad(`must be a list of ${what}; write [${shown(value)}]`);
  if (!Array.isArray(value)) return bad(`must be a list of ${what}, not ${shown(value)}`);
  const kept: unknown[] = [];
  const faults: Fault[] = [];
  for (const [i, item] of value.entries()) {
    const outcome = read(item);
    if ("problem" in outcome) faults.push({ problem: `entry ${i + 1} ${outcome.problem}`, at: i });
    else kept.push(outcome.value);
  }
  return faults.length === 0 ? ok(kept) : { ...faults[0], rest: faults.slice(1), kept };
}

const readName = (value: unknown): Outcome => {
  const fault = nameFault(value);
  return fault === undefined ? ok(value) : bad(fault);
};

function readPattern(value: unknown): Outcome {
  const text = readText(value);
  if ("problem" in text) return text;
  return /^[A-Za-z0-9_.*#/-]+$/.test(value as string)
    ? ok(value)
    : bad(`is ${shown(value)}; a name or pattern holds letters, digits, '_', '-', '.', '#' and '*' only`);
}

function readChoice(key: Key, value: unknown): Outcome {
  const allowed = key.allowed ?? [];
  if (typeof value === "string" && allowed.includes(value)) return ok(value);
  const near = typeof value === "string" ? suggestion(value, allowed) : "";
  return bad(`must be one of ${allowed.map((item) => `"${item}"`).join(", ")}, not ${shown(value)}${near}`);
}

function readInteger(key: Key, value: unknown): Outcome {
  const range = `an integer from ${key.min} to ${key.max}`;
  if (typeof value === "string" && /^\d+$/.test(value)) return bad(`must be ${range}; write ${value} without quotes`);
  if (typeof value === "bigint") return bad(`must be ${range}, not ${value}`);
  if (typeof value !== "number" || !Number.isInteger(value)) return bad(`must be ${range}, not ${shown(value)}`);
  return value < key.min! || value > key.max! ? bad(`must be ${range}, not ${value}`) : ok(value);
}

function readQuantity(
  key: Key,
  value: unknown,
  read: (text: string) => number | undefined,
  show: (quantity: number) => string,
  what: string,
): Outcome {
  if (typeof value === "number" || typeof value === "bigint") {
    return bad(`is ${value} without a unit; write ${what}`);
  }
  const quantity = typeof value === "string" ? read(value) : undefined;
  if (quantity === undefined) return bad(`must be ${what}, not ${shown(value)}`);
  if (key.min !== undefined && quantity < key.min) return bad(`is ${shown(value)}; at least ${show(key.min)}`);
  if (key.max !== undefined && quantity > key.max) return bad(`is ${shown(value)}; at most ${show(key.max)}`);
  return ok(quantity);
}

function readRate(key: Key, value: unknown): Outcome {
  if (value === "paused" || value === "max") return ok(value);
  const rule = `must be "paused", "max" or a number from ${key.min} to ${key.max}`;
  if (typeof value !== "number") return bad(`${rule}, not ${shown(value)}`);
  return value >= key.min! && value <= key.max! ? ok(value) : bad(`${rule}, not ${value}`);
}

function readRun(value: unknown): Outcome {
  const text = readText(value);
  if ("problem" in text) return text;
  const match = /^([^:]*):(.*)$/s.exec(value as string);
  const forms = 'must be "ts:path", "native:plugin", "python:path" or "exec:program"';
  if (match === null) return bad(`${forms}, not ${shown(value)}`);
  const [, scheme, target] = match;
  if (!RUN_SCHEMES.includes(scheme)) return bad(`${forms}, not ${shown(value)}${suggestion(scheme, RUN_SCHEMES)}`);
  if (target.trim() === "") return bad(`is ${shown(value)}; nothing follows the colon`);
  if (target !== target.trim()) return bad(`is ${shown(value)}; there are blanks around what follows the colon`);
  if (scheme === "exec" && /\s/.test(target)) {
    return bad(`is ${shown(value)}; exec: takes one program, its arguments go to args`);
  }
  return ok({ scheme, target });
}

function readHost(value: unknown): Outcome {
  const text = readText(value);
  if ("problem" in text) return text;
  const host = (value as string).trim();
  if (/:\d+$/.test(host) && host.split(":").length === 2) {
    return bad(
      `is ${shown(value)}; the port is a key of its own: host = "${host.split(":")[0]}", port = ${host.split(":")[1]}`,
    );
  }
  if (!/^[A-Za-z0-9._:[\]%-]{1,253}$/.test(host)) return bad(`is ${shown(value)}, which is no host name or address`);
  return host === "0.0.0.0" || host === "::" || host === "[::]"
    ? bad(`is ${shown(value)}, which others cannot dial; write the address that they reach`)
    : ok(host);
}

function readEnv(value: unknown): Outcome {
  if (!isTable(value)) return bad(`must be a table of texts, not ${shown(value)}`);
  for (const [name, item] of Object.entries(value)) {
    if (typeof item !== "string") return bad(`${name} must be a text, not ${shown(item)}; write it in quotes`, name);
    if (item.includes("\0")) return bad(`${name} holds a NUL character`, name);
  }
  return ok(Object.entries(value));
}

function readHistory(key: Key, value: unknown): Outcome {
  if (!isTable(value)) return bad(`must be a table of type = count, not ${shown(value)}`);
  for (const [type, depth] of Object.entries(value)) {
    const outcome = isTable(depth)
      ? bad(`must be an integer; write the type in quotes, as in "galaxy.TurnStart" = 10`)
      : readInteger(key, depth);
    if ("problem" in outcome) return bad(`of ${type} ${outcome.problem}`, type);
  }
  return ok(Object.entries(value));
}

/** Numbers that JSON cannot hold do not reach a service as they were written. */
function configFault(value: unknown, path: string): string | undefined {
  if (typeof value === "bigint") return `${path} is ${value}, beyond what a number holds exactly; write it in quotes`;
  if (typeof value === "number" && !Number.isFinite(value)) return `${path} is ${value}, which JSON cannot hold`;
  if (typeof value !== "object" || value === null || value instanceof Date) return undefined;
  for (const [name, item] of Object.entries(value)) {
    const fault = configFault(item, path === "" ? name : `${path}.${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function readConfig(value: unknown): Outcome {
  if (!isTable(value)) return bad(`must be a table, not ${shown(value)}`);
  const fault = configFault(value, "");
  return fault === undefined ? ok(value) : bad(fault);
}

/** Values of the types `policy` and `restart` have sections of their own and are read by `readSection`. */
export function readValue(key: Key, value: unknown): Outcome {
  switch (key.type) {
    case "name":
      return readName(value);
    case "names":
      return readList(value, "names", readName);
    case "glob":
      return readPattern(value);
    case "globs":
      return readList(value, "names or patterns", readPattern);
    case "text":
      return readText(value);
    case "texts":
      return readList(value, "texts", (item) =>
        typeof item === "string" && !item.includes("\0") ? ok(item) : bad(`must be a text, not ${shown(item)}`),
      );
    case "host":
      return readHost(value);
    case "run":
      return readRun(value);
    case "boolean":
      return typeof value === "boolean" ? ok(value) : bad(`must be true or false, not ${shown(value)}`);
    case "integer":
      return readInteger(key, value);
    case "duration":
      return readQuantity(key, value, readDuration, formatDuration, 'a duration such as "500ms", "5s", "2m" or "1h"');
    case "span":
      return readQuantity(key, value, readSpan, formatSpan, 'a time such as "20ms", "500us" or "1s"');
    case "rate":
      return readRate(key, value);
    case "durations": {
      const range = typeof value === "string" ? readDurationRange(value) : undefined;
      return range === undefined
        ? bad(`must be two durations, least first, such as "200ms..10s", not ${shown(value)}`)
        : ok(range);
    }
    case "size":
      return readQuantity(key, value, readSize, formatSize, 'a size such as "64KiB" or "4MiB"');
    case "choice":
      return readChoice(key, value);
    case "env":
      return readEnv(value);
    case "config":
      return readConfig(value);
    case "history":
      return readHistory(key, value);
    case "policy":
    case "restart":
      return ok(value);
  }
}
