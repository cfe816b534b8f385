export * from "./api.ts";
export { marksOf } from "./clock-marks.ts";
export { durationMs } from "./duration.ts";
export { createHub } from "./hub.ts";
export * from "./hub-api.ts";
export { pluginEdgesOf } from "./plan-index.ts";
