/** What a caller does when a service fails: retry, skip, roll back, restart; and whether the two may talk at all. */
export { type Each, type EachOptions, each, type Skipped } from "./each.ts";
export type { Effects } from "./effects.ts";
export { type BackOff, pauseAfter, type Recovery, type RetryOptions, retry } from "./retry.ts";
export { type Strategy, strategyOf } from "./strategy.ts";
export { type Rewind, turn } from "./turn.ts";
export { checkVersion, requireCompatible, type Versioned } from "./version.ts";
