/**
 * Text to values: YAML 1.2 (core schema) or JSON, one document. Integers come out as bigint, so that none loses a digit;
 * every value and key has its position. What is ambiguous is refused: duplicate keys, keys that are no text, unknown tags,
 * several documents. Hostile text is bounded: bytes, depth, and how much aliases may multiply.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { jsonFault } from "./json-syntax.ts";
import { type Locate, type PathSegment, type Position, type Problem, pathText } from "./problem.ts";

export interface Source {
  readonly value: unknown;
  readonly locate: Locate;
}

export interface SourceLimits {
  /** UTF-8 length of the text. Default 16 MiB, as a message. */
  readonly bytesMax: number;
  /** Levels of lists and mappings. Default 256: a policy tree of depth 100 has two levels per node. */
  readonly depthMax: number;
  /** Uses of aliases (`*name`). Default 1,000. */
  readonly aliasesMax: number;
  /** Values after all aliases have been followed. Default 1,000,000. */
  readonly valuesMax: number;
}

const LIMITS: SourceLimits = { bytesMax: 16 << 20, depthMax: 256, aliasesMax: 1000, valuesMax: 1_000_000 };

/** One refusal of the text as a whole; `parseSource` throws it. */
export class SourceError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.problem);
    this.problem = problem;
  }
}

/**
 * @param format "json" takes JSON only; "yaml" takes both, because JSON is YAML
 * @throws SourceError naming line and column
 */
export function parseSource(text: string, format: "yaml" | "json", limits: Partial<SourceLimits> = {}): Source {
  const bounds = { ...LIMITS, ...limits };
  const bytes = Buffer.byteLength(text);
  if (bytes > bounds.bytesMax)
    throw new SourceError({ path: "", problem: `the text has ${bytes} bytes, the limit is ${bounds.bytesMax}` });
  const at = positions(text);
  if (format === "json") requireJson(text, at);
  const document = parse(text);
  const [error] = document.errors;
  if (error !== undefined) {
    const problem =
      error.code === "MULTIPLE_DOCS"
        ? "there are several documents; a config is one"
        : error.message.includes("call stack")
          ? TOO_DEEP // the library keeps the engine's error as one of the text's
          : withoutPlace(error.message);
    throw new SourceError({ path: "", problem, ...at(error.pos[0]) });
  }
  const [warning] = document.warnings;
  if (warning !== undefined)
    throw new SourceError({ path: "", problem: withoutPlace(warning.message), ...at(warning.pos[0]) });
  if (document.contents === null) throw new SourceError({ path: "", problem: "the text is empty", line: 1, column: 1 });

  const reader = new Reader((name) => name.resolve(document) as ParsedNode | undefined, at, bounds);
  const value = reader.read(document.contents, [], 0);
  return { value, locate: reader.locate };
}

/** Line and column of an offset: lines end with a line feed, as editors count. */
function positions(text: string): (offset: number) => Position {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) lines.addNewLine(end + 1);
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
}

function parse(text: string): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, {
      version: "1.2",
      schema: "core",
      intAsBigInt: true,
      merge: false,
      resolveKnownTags: false,
      stringKeys: false,
      uniqueKeys: false, // ours: the library compares every pair of keys
      prettyErrors: false,
      strict: true,
      logLevel: "error", // "silent" would let a second document pass
    });
  } catch (error) {
    if (error instanceof RangeError) throw new SourceError({ path: "", problem: TOO_DEEP });
    throw error;
  }
}

/** The values are read by the one parser that keeps positions and integers; it takes more than JSON. */
function requireJson(text: string, at: (offset: number) => Position): void {
  const offset = jsonFault(text);
  if (offset === undefined) return;
  const found = text.slice(offset, offset + 12).split(/[\r\n]/)[0];
  const problem = offset >= text.length ? "the JSON ends too early" : `no JSON from '${found}' on`;
  throw new SourceError({ path: "", problem, ...at(offset) });
}

const TOO_DEEP = "the text is nested too deeply";

const withoutPlace = (message: string): string => message.replace(/ at line \d+, column \d+:?[\s\S]*$/, "");

interface Place {
  readonly key: Position | undefined;
  readonly value: Position;
}

type AliasNode = Extract<Node, { source: string; resolve: unknown }>;

class Reader {
  readonly #resolve: (alias: AliasNode) => ParsedNode | undefined;
  readonly #at: (offset: number) => Position;
  readonly #limits: SourceLimits;
  readonly #places = new Map<string, Place>();
  readonly #following = new Set<unknown>();
  #values = 0;
  #aliases = 0;

  constructor(
    resolve: (alias: AliasNode) => ParsedNode | undefined,
    at: (offset: number) => Position,
    limits: SourceLimits,
  ) {
    this.#resolve = resolve;
    this.#at = at;
    this.#limits = limits;
  }

  /** The nearest value that stands in the text: a missing key is where its mapping is. */
  readonly locate: Locate = (path, key = false) => {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(pathText(path.slice(0, length)));
      if (place !== undefined) return key && length === path.length ? (place.key ?? place.value) : place.value;
    }
    return undefined;
  };

  read(node: unknown, path: readonly PathSegment[], depth: number, key?: Position): unknown {
    const offset = (node as ParsedNode | null)?.range?.[0] ?? 0;
    const place = node === null ? (key ?? this.#at(0)) : this.#at(offset);
    this.#places.set(pathText(path), { key, value: place });
    const refuse = (problem: string): never => {
      throw new SourceError({ path: pathText(path), problem, ...place });
    };
    if (++this.#values > this.#limits.valuesMax)
      refuse(`there are more than ${this.#limits.valuesMax} values once aliases are followed`);
    if (depth > this.#limits.depthMax) refuse(`is nested more than ${this.#limits.depthMax} levels deep`);

    if (isAlias(node)) return this.#alias(node as AliasNode, path, depth, refuse);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1));
    if (!isMap(node)) return null;
    const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      const position = this.#at((pair.key as ParsedNode | null)?.range?.[0] ?? offset);
      if (typeof name !== "string") {
        const problem = `a key is ${isScalar(pair.key) ? `${String(name)}, which is no text; quote it` : "no text"}`;
        throw new SourceError({ path: pathText(path), problem, ...position });
      }
      const at = [...path, name];
      if (name === "__proto__") throw new SourceError({ path: pathText(at), problem: "is no name", ...position });
      if (Object.hasOwn(out, name)) {
        const first = this.#places.get(pathText(at))?.key;
        const problem = `is there twice; the first is at line ${first?.line}, column ${first?.column}`;
        throw new SourceError({ path: pathText(at), problem, ...position });
      }
      out[name] = this.read(pair.value, at, depth + 1, position);
    }
    return out;
  }

  #alias(alias: AliasNode, path: readonly PathSegment[], depth: number, refuse: (problem: string) => never): unknown {
    if (++this.#aliases > this.#limits.aliasesMax)
      refuse(`is use ${this.#aliases} of an alias, the limit is ${this.#limits.aliasesMax}`);
    const target = this.#resolve(alias);
    if (target === undefined) return refuse(`there is no anchor '${alias.source}' before this alias`);
    if (this.#following.has(target)) return refuse(`the alias '${alias.source}' contains itself`);
    this.#following.add(target);
    try {
      return this.read(target, path, depth);
    } finally {
      this.#following.delete(target);
    }
  }
}
