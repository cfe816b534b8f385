/** What a row of the key table says. */
export type SectionId =
  | "bus"
  | "nodes"
  | "services"
  | "edges"
  | "security.tcp"
  | "engine"
  | "sites"
  | "clock"
  | "metrics"
  | "policy"
  | "restart";

export type ValueType =
  /** Name of a bus, node or service. */
  | "name"
  /** List of names. */
  | "names"
  /** Name, or pattern with `*`. */
  | "glob"
  | "globs"
  /** Text without NUL, not empty. */
  | "text"
  | "texts"
  | "host"
  | "run"
  | "boolean"
  | "integer"
  | "duration"
  /** Simulated time: from nanoseconds to hours. */
  | "span"
  /** Simulated seconds per second, or a word. */
  | "rate"
  /** Two durations, "200ms..10s". */
  | "durations"
  | "size"
  | "choice"
  /** Table of texts. */
  | "env"
  /** Any table. */
  | "config"
  /** Table of type name -> count. */
  | "history"
  /** Table with the keys of the section of the same name, or its first key as a text. */
  | "policy"
  | "restart";

export interface Key {
  readonly section: SectionId;
  readonly name: string;
  readonly type: ValueType;
  readonly doc: string;
  /** TOML text of what holds when the key is absent. */
  readonly default?: string;
  readonly required?: boolean;
  readonly allowed?: readonly string[];
  /** Of a number, or of a duration in ms, or of a size in bytes. */
  readonly min?: number;
  readonly max?: number;
  /** TOML text. */
  readonly example: string;
}

export const POLICY_KINDS: readonly string[] = ["block", "error", "drop_newest", "drop_oldest", "latest"];
export const RUN_SCHEMES: readonly string[] = ["ts", "native", "python", "exec"];
