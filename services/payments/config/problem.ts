/** What is wrong with a config or a policy, and where. */
export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

export interface Problem extends Partial<Position> {
  /** "agents[2].policy.type"; "" is the whole. */
  readonly path: string;
  /** With both values and, where one is close, a suggestion. */
  readonly problem: string;
  /** The file that line and column are of, when it is not the config itself. */
  readonly file?: string;
}

export type PathSegment = string | number;
/** Where a value (or, for an unknown key, the key) stands in the text; undefined when there is no text. */
export type Locate = (path: readonly PathSegment[], key?: boolean) => Position | undefined;

export const nowhere: Locate = () => undefined;

/** "agents[2].limits.bilateral_limits.BANK_A"; keys that are no plain words are quoted. */
export function pathText(path: readonly PathSegment[]): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (!/^[\w-]+$/.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

export const problemAt = (locate: Locate, path: readonly PathSegment[], problem: string, key = false): Problem => ({
  path: pathText(path),
  problem,
  ...locate(path, key),
});

/** In the order of the text; those of other files, and without positions, as found. */
export const inTextOrder = (problems: readonly Problem[]): Problem[] => {
  const rank = (problem: Problem): number =>
    problem.file !== undefined || problem.line === undefined
      ? Number.POSITIVE_INFINITY
      : problem.line * 2 ** 20 + (problem.column ?? 0);
  return [...problems].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
};

/** `line 3, column 5: agents[0].id: is missing` */
export function problemText({ path, problem, line, column, file }: Problem): string {
  const place = [
    ...(file === undefined ? [] : [file]),
    ...(line === undefined ? [] : [`line ${line}, column ${column}`]),
  ];
  return [...(place.length === 0 ? [] : [place.join(", ")]), ...(path === "" ? [] : [path]), problem].join(": ");
}

const SHOWN_MAX = 60;

/** A value in a sentence: JSON, shortened, integers exact. */
export function show(value: unknown): string {
  const text =
    typeof value === "bigint"
      ? String(value)
      : typeof value === "number"
        ? String(value)
        : (JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner)) ??
          String(value));
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 3)}...` : text;
}
