export { type SilentTelemetry, type TelemetryFault, TelemetryFeed } from "./feed.ts";
export * from "./layout.ts";
export { DESK_SUFFIX, sourcesIn } from "./native-source.ts";
export { ProcessTelemetry, type ProcessTelemetryOptions } from "./process-telemetry.ts";
export { TelemetryReader, type TelemetryReaderOptions, type WaitForUpdateOptions } from "./reader.ts";
export type { TelemetrySnapshot, TelemetryValues, WriterState } from "./snapshot.ts";
export * from "./source.ts";
export { type CounterField, type GaugeField, TelemetryWriter } from "./writer.ts";
