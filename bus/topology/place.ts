/**
 * Where a key or value stands in the text. The parser that makes the values keeps no positions, so the syntax tree is
 * built only when the first place is asked for: a topology without faults never pays for it.
 */
import { type AST, parseTOML } from "toml-eslint-parser";

/** Keys and list indexes from the root, such as ["nodes", 0, "services", 1]. */
export type KeyPath = readonly (string | number)[];

export type Part = "key" | "value";

/** Both count from 1; columns are UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Places {
  /** Of the key or value at `path`, else of the nearest thing that encloses it. */
  at(path: KeyPath, part: Part): Position;
}

interface Entry {
  key: Position;
  value: Position;
}

const START: Position = { line: 1, column: 1 };

export function placesIn(text: string): Places {
  let index: Map<string, Entry> | undefined;
  return {
    at(path, part) {
      index ??= indexOf(text);
      for (let depth = path.length; depth > 0; depth--) {
        const entry = index.get(JSON.stringify(path.slice(0, depth)));
        if (entry !== undefined) return depth === path.length ? entry[part] : entry.key;
      }
      return START;
    },
  };
}

function indexOf(text: string): Map<string, Entry> {
  const index = new Map<string, Entry>();
  try {
    const [top] = parseTOML(text, { tomlVersion: "1.0" }).body;
    for (const item of top.body) {
      if (item.type === "TOMLTable") indexTable(index, item);
      else indexPair(index, [], item);
    }
  } catch {
    // The two parsers disagree about this text: places fall back to the start of what is known.
  }
  return index;
}

const startOf = (node: AST.HasLocs): Position => ({ line: node.loc.start.line, column: node.loc.start.column + 1 });

const note = (index: Map<string, Entry>, path: KeyPath, key: AST.HasLocs, value: AST.HasLocs = key): void => {
  const id = JSON.stringify(path);
  if (!index.has(id)) index.set(id, { key: startOf(key), value: startOf(value) });
};

function indexTable(index: Map<string, Entry>, table: AST.TOMLTable): void {
  const path = table.resolvedKey;
  let name = 0;
  for (let depth = 1; depth <= path.length; depth++) {
    if (typeof path[depth - 1] === "string") name++;
    note(index, path.slice(0, depth), table.key.keys[name - 1]);
  }
  for (const pair of table.body) indexPair(index, path, pair);
}

function indexPair(index: Map<string, Entry>, base: KeyPath, pair: AST.TOMLKeyValue): void {
  let path: KeyPath = base;
  pair.key.keys.forEach((part, i) => {
    path = [...path, part.type === "TOMLBare" ? part.name : part.value];
    note(index, path, part, i === pair.key.keys.length - 1 ? pair.value : part);
  });
  indexValue(index, path, pair.value);
}

function indexValue(index: Map<string, Entry>, path: KeyPath, value: AST.TOMLContentNode): void {
  if (value.type === "TOMLArray") {
    value.elements.forEach((element, i) => {
      note(index, [...path, i], element);
      indexValue(index, [...path, i], element);
    });
  } else if (value.type === "TOMLInlineTable") {
    for (const pair of value.body) indexPair(index, path, pair);
  }
}
