/**
 * Checks a policy tree file when it is loaded: names, duplicate node ids, actions in the wrong tree, depth, parameters that
 * nobody declared. What is returned is the plain tree as the core takes it.
 * @source services.md 4.7; services/payments/README.md, policy
 */
import { suggestion } from "#bus";
import type { Locate, Problem } from "../config/problem.ts";
import { nowhere, pathText, problemAt, show } from "../config/problem.ts";
import {
  ACTIONS,
  type ActionShape,
  DEPTH_MAX,
  type ParameterKind,
  REGISTER,
  REGISTERS_MAX,
  TEXTS,
  TREES,
  type TreeName,
  VERSION,
} from "./names.ts";
import { absent, type Path, Reader } from "./reader.ts";
import { ValueReader } from "./values.ts";

export interface CheckOptions {
  readonly locate?: Locate;
  /** Where the tree is in its config. */
  readonly path?: Path;
  /** Replaces parameters that the tree declares. */
  readonly params?: Readonly<Record<string, number>>;
  /** Where `params` are, and in which text, for problems with them. */
  readonly paramsPath?: Path;
  readonly paramsLocate?: Locate;
  /** Banks there are, for counterparties named in a tree. Default: any. */
  readonly agents?: ReadonlySet<string>;
}

export interface CheckedPolicy {
  readonly problems: readonly Problem[];
  /** With `params`. */
  readonly paramProblems: readonly Problem[];
  /** Only to be used without problems. */
  readonly tree: Tree;
}
export type Tree = { [key: string]: unknown };

export function checkPolicy(value: unknown, options: CheckOptions = {}): CheckedPolicy {
  return new PolicyChecker(options).check(value);
}

class PolicyChecker {
  readonly #reader: Reader;
  readonly #options: CheckOptions;
  readonly #paramProblems: Problem[] = [];
  readonly #parameters = new Set<string>();
  readonly #registers = new Set<string>();
  #nodes = new Map<string, string>();
  #values: ValueReader;
  #tree: TreeName = "payment_tree";

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#reader = new Reader(options.locate ?? nowhere);
    this.#values = new ValueReader(this.#reader, this.#parameters, this.#tree);
  }

  check(value: unknown): CheckedPolicy {
    const reader = this.#reader;
    const path = this.#options.path ?? [];
    const file = reader.object(value, path, ["version", "policy_id"], ["description", "parameters", ...TREES]);
    const tree: Tree = {};
    if (file !== undefined) {
      if (!absent(file.version)) {
        if (file.version !== VERSION)
          reader.problem([...path, "version"], `is ${show(file.version)}; this service reads "${VERSION}" (a text)`);
        tree.version = VERSION;
      }
      if (!absent(file.policy_id)) tree.policy_id = reader.text(file.policy_id, [...path, "policy_id"]);
      if (!absent(file.description)) tree.description = reader.text(file.description, [...path, "description"]);
      tree.parameters = this.#readParameters(file.parameters, [...path, "parameters"]);
      for (const name of TREES) {
        if (absent(file[name])) continue;
        this.#tree = name;
        this.#nodes = new Map();
        this.#values = new ValueReader(reader, this.#parameters, name);
        tree[name] = this.#node(file[name], [...path, name], 1);
      }
      if (TREES.every((name) => absent(file[name]))) reader.problem(path, `has none of ${TREES.join(", ")}`);
      if (this.#registers.size > REGISTERS_MAX)
        reader.problem(path, `writes ${this.#registers.size} registers; a bank has ${REGISTERS_MAX}`);
    }
    return { problems: reader.problems, paramProblems: this.#paramProblems, tree };
  }

  #readParameters(value: unknown, path: Path): Record<string, number> {
    const out: Record<string, number> = {};
    const given = absent(value) ? {} : (this.#reader.mapping(value, path) ?? {});
    for (const [name, inner] of Object.entries(given)) {
      this.#parameters.add(name);
      out[name] = this.#reader.number(inner, [...path, name]) ?? 0;
    }
    for (const [name, inner] of Object.entries(this.#options.params ?? {})) {
      if (this.#parameters.has(name)) out[name] = inner;
      else
        this.#paramProblems.push(
          problemAt(
            this.#options.paramsLocate ?? nowhere,
            [...(this.#options.paramsPath ?? ["params"]), name],
            `the tree has no parameter '${name}'${suggestion(name, this.#parameters)}`,
            true,
          ),
        );
    }
    return out;
  }

  #node(value: unknown, path: Path, depth: number): Tree | undefined {
    const reader = this.#reader;
    // Below this depth nothing is read, so that a tree from outside cannot exhaust the stack.
    if (depth > DEPTH_MAX) return reader.problem(path, `is nested more than ${DEPTH_MAX} nodes deep`);
    const type = reader.mapping(value, path)?.type;
    if (type === "condition") {
      const node = reader.object(value, path, ["type", "node_id", "condition", "on_true", "on_false"], ["description"]);
      if (node === undefined) return undefined;
      return {
        type,
        ...this.#identity(node.node_id, node.description, path),
        condition: absent(node.condition) ? undefined : this.#values.condition(node.condition, [...path, "condition"]),
        on_true: absent(node.on_true) ? undefined : this.#node(node.on_true, [...path, "on_true"], depth + 1),
        on_false: absent(node.on_false) ? undefined : this.#node(node.on_false, [...path, "on_false"], depth + 1),
      };
    }
    if (type === "action") {
      const node = reader.object(value, path, ["type", "node_id", "action"], ["parameters", "description"]);
      if (node === undefined) return undefined;
      return { type, ...this.#identity(node.node_id, node.description, path), ...this.#action(node, path) };
    }
    if (value !== null && typeof value === "object") reader.choice(type, [...path, "type"], ["condition", "action"]);
    return undefined;
  }

  #identity(id: unknown, description: unknown, path: Path): Tree {
    if (absent(id)) return {};
    const name = this.#reader.text(id, [...path, "node_id"]);
    const first = name === undefined ? undefined : this.#nodes.get(name);
    if (first !== undefined)
      this.#reader.problem([...path, "node_id"], `'${name}' is also the node_id of ${first}; ids are unique in a tree`);
    else if (name !== undefined) this.#nodes.set(name, pathText(path));
    if (absent(description)) return { node_id: name };
    return { node_id: name, description: this.#reader.text(description, [...path, "description"]) };
  }

  #action(node: Readonly<Record<string, unknown>>, path: Path): Tree {
    const reader = this.#reader;
    const name = node.action;
    if (absent(name)) return {};
    const allowed = Object.keys(ACTIONS).filter((each) => ACTIONS[each]!.trees.includes(this.#tree));
    const shape = typeof name === "string" && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (shape === undefined) {
      reader.choice(name, [...path, "action"], allowed);
      return {};
    }
    if (!shape.trees.includes(this.#tree))
      reader.problem(
        [...path, "action"],
        `${String(name)} is an action of ${shape.trees.join(" and ")}; a ${this.#tree} has ${allowed.join(", ")}`,
      );
    const at = [...path, "parameters"];
    const required = Object.keys(shape.required);
    if (absent(node.parameters)) {
      if (required.length > 0) reader.problem(at, `is missing; ${String(name)} needs ${required.join(", ")}`);
      return { action: name };
    }
    const given = reader.object(node.parameters, at, required, Object.keys(shape.optional));
    const parameters: Tree = {};
    for (const [key, inner] of Object.entries(given ?? {})) {
      const kind = kindOf(shape, key);
      if (kind !== undefined && !absent(inner)) parameters[key] = this.#parameter(key, kind, inner, [...at, key]);
    }
    return Object.keys(parameters).length === 0 ? { action: name } : { action: name, parameters };
  }

  #parameter(key: string, kind: ParameterKind, value: unknown, path: Path): unknown {
    const reader = this.#reader;
    if (kind === "number") return this.#values.value(value, path);
    const holder = reader.object(value, path, ["value"]);
    if (holder === undefined || absent(holder.value)) return undefined;
    const at = [...path, "value"];
    if (kind === "texts") {
      const names = reader.list(holder.value, at, 1)?.map((item, index) => this.#agent(item, [...at, index]));
      return { value: names };
    }
    const options = TEXTS[key];
    const text = options === undefined ? reader.text(holder.value, at) : reader.choice(holder.value, at, options);
    if (key === "key" && text !== undefined) {
      if (REGISTER.test(text)) this.#registers.add(text);
      else reader.problem(at, `is '${text}'; registers are named bank_state_ and letters, digits or _`);
    }
    return { value: text };
  }

  #agent(value: unknown, path: Path): string | undefined {
    const name = this.#reader.text(value, path);
    const { agents } = this.#options;
    if (name !== undefined && agents !== undefined && !agents.has(name))
      this.#reader.problem(path, `there is no bank '${name}'${suggestion(name, agents)}`);
    return name;
  }
}

const kindOf = (shape: ActionShape, key: string): ParameterKind | undefined => {
  if (Object.hasOwn(shape.required, key)) return shape.required[key];
  return Object.hasOwn(shape.optional, key) ? shape.optional[key] : undefined;
};
