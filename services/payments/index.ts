/** The TypeScript half of the payments service: configs and policies as people write them, reports, the service itself. */
export { API_VERSION, requireCore } from "./api-version.ts";
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
  readConfigFile,
} from "./config/load.ts";
export { configModel, ticksOf } from "./config/model.ts";
export { type Position, type Problem, problemText } from "./config/problem.ts";
export { parseSource, type Source, SourceError, type SourceLimits } from "./config/source.ts";
export type * from "./config/types.ts";
export { type BatchAnswer, checkItems } from "./errors.ts";
export { type CheckedPolicy, type CheckOptions, checkPolicy } from "./policy/check.ts";
export { type Comparison, compareRuns, type Measure, type Run } from "./report/compare.ts";
export { type Cell, type Column, CsvWriter, JsonWriter } from "./report/export.ts";
export { lifecycleOf, lifecycleText } from "./report/lifecycle.ts";
export { Printer, printRun } from "./report/printer.ts";
export {
  AGENT_COLUMNS,
  EVENT_COLUMNS,
  TIMELINE_COLUMNS,
  type TimelineRow,
  TRANSACTION_COLUMNS,
} from "./report/tables.ts";
export { textTable } from "./report/text-table.ts";
export { moneyText, realText, txText } from "./report/words.ts";
export { serveDesk } from "./service.ts";
export { type Parameter, type PlainConfig, type Point, pointsOf, type SweepPlan, valuesOf } from "./sweep/grid.ts";
export { type Outcome, runSweep, type SweepOptions, sweepHash } from "./sweep/run.ts";
export { FLOOR, type Mean, type PointSummary, summarize } from "./sweep/summary.ts";
