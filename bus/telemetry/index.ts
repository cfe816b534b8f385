export { TelemetryFeed } from "./feed.ts";
export * from "./layout.ts";
export { TelemetryReader, type TelemetryReaderOptions, type WaitForUpdateOptions } from "./reader.ts";
export type { TelemetrySnapshot, TelemetryValues, WriterState } from "./snapshot.ts";
export * from "./source.ts";
