/** The TypeScript half of the payments service: configs and policies as people write them. */
export { type CanonicalObject, canonicalText } from "./config/canonical.ts";
export {
  badConfig,
  type CheckedConfig,
  checkConfig,
  checkConfigText,
  type LoadedConfig,
  type LoadOptions,
  loadConfig,
  loadConfigFile,
  loadConfigText,
} from "./config/load.ts";
export { configModel, ticksOf } from "./config/model.ts";
export { type Position, type Problem, problemText } from "./config/problem.ts";
export { parseSource, type Source, SourceError, type SourceLimits } from "./config/source.ts";
export type * from "./config/types.ts";
export { type CheckedPolicy, type CheckOptions, checkPolicy } from "./policy/check.ts";
