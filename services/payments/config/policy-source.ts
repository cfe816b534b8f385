/** The three ways to say a policy tree, read and checked: a file, a mapping in the config, a text of JSON in the config. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { checkPolicy, type Tree } from "../policy/check.ts";
import { type Locate, type PathSegment, type Problem, problemAt, problemText } from "./problem.ts";
import { parseSource, type Source, SourceError } from "./source.ts";
import type { Params, Policy } from "./types.ts";

const FILE_BYTES_MAX = 4 << 20;

export interface PolicyFiles {
  /** Folder that json_path is relative to and stays inside of. undefined = no files are read. */
  readonly root?: string | undefined;
}

type Path = readonly PathSegment[];

export class PolicySource {
  readonly problems: Problem[] = [];
  readonly #locate: Locate;
  readonly #agents: ReadonlySet<string>;
  readonly #files: PolicyFiles;
  readonly #read = new Map<string, Source | string>();
  readonly #checked = new Map<string, Tree>();

  constructor(locate: Locate, agents: ReadonlySet<string>, files: PolicyFiles) {
    this.#locate = locate;
    this.#agents = agents;
    this.#files = files;
  }

  /** The tree of a policy that has one; what is wrong with it goes to `problems`. */
  tree(policy: Policy, path: Path): Tree | undefined {
    switch (policy.type) {
      case "FromJson":
        return this.#fromFile(policy, path);
      case "InlineJson":
        return this.#fromText(policy, path);
      case "Inline": {
        const at = [...path, "decision_trees"];
        const { problems, tree } = this.#check(policy.decision_trees, this.#locate, policy.params, path, at);
        this.problems.push(...problems);
        return tree;
      }
      default:
        return undefined;
    }
  }

  /** Problems of `params` are of this config, whatever text the tree is from. */
  #check(
    value: unknown,
    locate: Locate,
    params: Params,
    policyPath: Path,
    path: Path = [],
  ): { problems: readonly Problem[]; tree: Tree } {
    const { problems, paramProblems, tree } = checkPolicy(value, {
      locate,
      path,
      params,
      paramsPath: [...policyPath, "params"],
      paramsLocate: this.#locate,
      agents: this.#agents,
    });
    this.problems.push(...paramProblems);
    return { problems, tree };
  }

  #fromFile({ json_path: file, params }: Extract<Policy, { type: "FromJson" }>, path: Path): Tree | undefined {
    // One file for a hundred banks is read and checked once, and its problems are said once.
    const key = `${file}\0${JSON.stringify(params)}`;
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    let source = this.#read.get(file);
    if (source === undefined) {
      source = this.#readFile(file);
      this.#read.set(file, source);
    }
    if (typeof source === "string") {
      this.problems.push(problemAt(this.#locate, [...path, "json_path"], source));
      return undefined;
    }
    const { problems, tree } = this.#check(source.value, source.locate, params, path);
    this.problems.push(...problems.map((problem) => ({ ...problem, file })));
    this.#checked.set(key, tree);
    return tree;
  }

  #readFile(path: string): Source | string {
    const { root } = this.#files;
    if (root === undefined) return `is '${path}'; no files are read here, write the tree as Inline or InlineJson`;
    const outside = (file: string, folder: string): boolean => {
      const way = relative(folder, file);
      return way.startsWith("..") || isAbsolute(way);
    };
    const leaves = `is '${path}', which is outside of the folder of the config; policy files stay inside of it`;
    if (isAbsolute(path) || outside(resolve(root, path), resolve(root))) return leaves;
    try {
      const file = realpathSync(join(root, path));
      if (outside(file, realpathSync(root))) return leaves;
      const { size } = statSync(file);
      if (size > FILE_BYTES_MAX) return `'${path}' has ${size} bytes, the limit is ${FILE_BYTES_MAX}`;
      return parseSource(readFileSync(file, "utf8"), "json");
    } catch (error) {
      if (error instanceof SourceError) return `'${path}': ${problemText(error.problem)}`;
      const { code } = error as NodeJS.ErrnoException;
      return `'${path}' cannot be read: ${code === "ENOENT" ? "there is no such file" : (error as Error).message}`;
    }
  }

  #fromText({ json_string: text, params }: Extract<Policy, { type: "InlineJson" }>, path: Path): Tree | undefined {
    const refuse = (problem: Problem): void => {
      this.problems.push(problemAt(this.#locate, [...path, "json_string"], `of its text, ${problemText(problem)}`));
    };
    try {
      const { value, locate } = parseSource(text, "json");
      const { problems, tree } = this.#check(value, locate, params, path);
      for (const problem of problems) refuse(problem);
      return tree;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      refuse(error.problem);
      return undefined;
    }
  }
}
