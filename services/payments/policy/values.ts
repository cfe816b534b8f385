/** Conditions, values and computations of a policy tree. */
import { suggestion } from "#bus";
import { COMPARISONS, COMPUTATIONS, DEPTH_MAX, FIELD_GROUP, PAYMENT_ONLY, REGISTER, type TreeName } from "./names.ts";
import { absent, type Path, type Reader } from "./reader.ts";

const LOGIC = ["and", "or", "not"];
const SOURCES = ["field", "param", "value", "compute"];

export class ValueReader {
  readonly #reader: Reader;
  readonly #parameters: ReadonlySet<string>;
  readonly #tree: TreeName;
  readonly #fields: readonly string[];

  constructor(reader: Reader, parameters: ReadonlySet<string>, tree: TreeName) {
    this.#reader = reader;
    this.#parameters = parameters;
    this.#tree = tree;
    this.#fields = [...FIELD_GROUP].filter(([, group]) => this.#readable(group)).map(([name]) => name);
  }

  #readable(group: Parameters<typeof PAYMENT_ONLY.has>[0]): boolean {
    return this.#tree === "payment_tree" || !PAYMENT_ONLY.has(group);
  }

  condition(value: unknown, path: Path, depth = 1): unknown {
    const reader = this.#reader;
    if (depth > DEPTH_MAX) return reader.problem(path, `is nested more than ${DEPTH_MAX} levels deep`);
    const op = reader.mapping(value, path)?.op;
    if (op === "and" || op === "or") {
      const found = reader.object(value, path, ["op", "conditions"]);
      if (found === undefined || absent(found.conditions)) return undefined;
      const at = [...path, "conditions"];
      const inner = reader.list(found.conditions, at, 1) ?? [];
      return { op, conditions: inner.map((each, index) => this.condition(each, [...at, index], depth + 1)) };
    }
    if (op === "not") {
      const found = reader.object(value, path, ["op", "condition"]);
      if (found === undefined || absent(found.condition)) return undefined;
      return { op, condition: this.condition(found.condition, [...path, "condition"], depth + 1) };
    }
    if (typeof op !== "string" || !COMPARISONS.includes(op)) {
      if (value !== null && typeof value === "object" && !Array.isArray(value))
        reader.choice(op, [...path, "op"], [...COMPARISONS, ...LOGIC]);
      return undefined;
    }
    const found = reader.object(value, path, ["op", "left", "right"]);
    return found === undefined ? undefined : { op, ...this.#operands(found, ["left", "right"], path, 0) };
  }

  /** `{field}`, `{param}`, `{value}` or `{compute}`: exactly one. */
  value(value: unknown, path: Path, depth = 1): unknown {
    const reader = this.#reader;
    if (depth > DEPTH_MAX) return reader.problem(path, `is nested more than ${DEPTH_MAX} levels deep`);
    const found = reader.object(value, path, [], SOURCES);
    if (found === undefined) return undefined;
    const given = SOURCES.filter((source) => !absent(found[source]));
    if (given.length !== 1)
      return reader.problem(
        path,
        `has ${given.length === 0 ? "none" : given.join(" and ")}; write one of ${SOURCES.join(", ")}`,
      );
    const [source] = given as [string];
    const at = [...path, source];
    if (source === "field") return { field: this.#field(found.field, at) };
    if (source === "param") return { param: this.#param(found.param, at) };
    if (source === "value") return { value: reader.number(found.value, at) };
    return { compute: this.#compute(found.compute, at, depth) };
  }

  #field(value: unknown, path: Path): string | undefined {
    const name = this.#reader.text(value, path);
    if (name === undefined || REGISTER.test(name)) return name;
    const group = FIELD_GROUP.get(name);
    if (group === undefined)
      return this.#reader.problem(path, `there is no field '${name}'${suggestion(name, this.#fields)}`);
    if (!this.#readable(group))
      return this.#reader.problem(path, `'${name}' is of one payment, and a ${this.#tree} decides for a whole bank`);
    return name;
  }

  #param(value: unknown, path: Path): string | undefined {
    const name = this.#reader.text(value, path);
    if (name === undefined || this.#parameters.has(name)) return name;
    const near = suggestion(name, this.#parameters);
    return this.#reader.problem(path, `the tree has no parameter '${name}'${near || "; declare it in parameters"}`);
  }

  #compute(value: unknown, path: Path, depth: number): unknown {
    const op = this.#reader.mapping(value, path)?.op;
    const operands = typeof op === "string" && Object.hasOwn(COMPUTATIONS, op) ? COMPUTATIONS[op] : undefined;
    if (operands === undefined) {
      if (value !== null && typeof value === "object" && !Array.isArray(value))
        this.#reader.choice(op, [...path, "op"], Object.keys(COMPUTATIONS));
      return undefined;
    }
    const found = this.#reader.object(value, path, ["op", ...operands]);
    return found === undefined ? undefined : { op, ...this.#operands(found, operands, path, depth) };
  }

  #operands(from: Readonly<Record<string, unknown>>, keys: readonly string[], path: Path, depth: number): object {
    const out: Record<string, unknown> = {};
    for (const key of keys) {
      if (absent(from[key])) continue;
      const at = [...path, key];
      if (key === "values") {
        const list = this.#reader.list(from[key], at, 1) ?? [];
        out[key] = list.map((each, index) => this.value(each, [...at, index], depth + 1));
      } else out[key] = this.value(from[key], at, depth + 1);
    }
    return out;
  }
}
