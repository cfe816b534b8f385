/** Tables of the file by the key table: unknown and missing keys, wrong values. */
import { suggestion } from "#wire";
import { KEYS, type Key, keysOf, SECTIONS, type SectionId } from "./keys.ts";
import type { KeyPath } from "./place.ts";
import type { Problems } from "./problem.ts";
import { isTable, readValue, shown } from "./read-value.ts";

export type Values = Readonly<Record<string, unknown>>;

/**
 * @param heading how messages name the table, such as "[services.turns]"
 * @returns parsed values by key; keys that are absent or at fault are left out
 */
export function readSection(
  problems: Problems,
  section: SectionId,
  table: unknown,
  path: KeyPath,
  heading: string,
): Values {
  const values: Record<string, unknown> = {};
  if (!isTable(table)) {
    problems.add("topology/bad-value", path, "value", {
      key: heading,
      problem: `must be a table, not ${shown(table)}`,
    });
    return values;
  }
  const keys = keysOf(section);
  for (const [name, raw] of Object.entries(table)) {
    const key = keys.find((candidate) => candidate.name === name);
    if (key === undefined) {
      problems.add("topology/unknown-key", [...path, name], "key", {
        key: `${heading} ${name}`,
        suggestion: cureOfUnknown(section, name),
      });
      continue;
    }
    const value = readKey(problems, key, raw, [...path, name], `${heading} ${name}`);
    if (value !== undefined) values[name] = value;
  }
  for (const key of keys) {
    if (key.required === true && !Object.hasOwn(table, key.name)) {
      problems.add("topology/missing-key", path, "key", {
        key: `${heading} ${key.name}`,
        cure: `write ${key.name} = ${key.example}`,
      });
    }
  }
  return values;
}

function readKey(problems: Problems, key: Key, raw: unknown, path: KeyPath, label: string): unknown {
  if (key.type === "policy" || key.type === "restart") return readShort(problems, key.type, raw, path, label);
  const outcome = readValue(key, raw);
  if (!("problem" in outcome)) return outcome.value;
  for (const { problem, at } of [outcome, ...(outcome.rest ?? [])]) {
    problems.add("topology/bad-value", at === undefined ? path : [...path, at], "value", { key: label, problem });
  }
  return outcome.kept;
}

/** A text stands for the table with only the first key of the section. */
function readShort(problems: Problems, section: SectionId, raw: unknown, path: KeyPath, label: string): unknown {
  if (typeof raw !== "string") return readSection(problems, section, raw, path, label);
  const key = keysOf(section)[0];
  const value = readKey(problems, key, raw, path, label);
  return value === undefined ? undefined : { [key.name]: value };
}

/** The nearest key of this section, else the section that has such a key. */
function cureOfUnknown(section: SectionId, name: string): string {
  const near = suggestion(
    name,
    keysOf(section).map((key) => key.name),
  );
  if (near !== "") return near;
  const homes = KEYS.filter((key) => key.name === name).map(
    (key) => SECTIONS.find((candidate) => candidate.id === key.section)!.heading,
  );
  const known = keysOf(section)
    .map((key) => key.name)
    .join(", ");
  return homes.length > 0 ? `; it is a key of ${homes.join(" and of ")}` : `; known keys: ${known}`;
}
