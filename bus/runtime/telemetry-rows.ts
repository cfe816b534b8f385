import type { TelemetryFeed, TelemetryReader, TelemetryValues, WriterState } from "#telemetry";
import { BusError } from "#wire";

/** One telemetry record as it is now: the value of now or the last good one, and which of the two. */
export interface TelemetryRow {
  readonly service: string;
  readonly process: string;
  readonly writer: WriterState;
  /** The values are not of now: the writer stands in an update, died in one, or the record cannot be read. */
  readonly stale: boolean;
  /** Why it cannot be read; then the values are the last good ones, if there ever were any. */
  readonly error?: string;
  readonly sequence: string;
  readonly values: TelemetryValues | undefined;
}

/** What is known of all records of a bus. */
export interface TelemetryRows {
  /** Of every service that has a record, by name. */
  readonly telemetry: readonly TelemetryRow[];
  /** Processes that answered wrongly when they were asked for their records. */
  readonly telemetryFaults: readonly { readonly process: string; readonly code: string; readonly message: string }[];
}

/** @param feed undefined: there is no reading of records here */
export async function telemetryRows(feed: TelemetryFeed | undefined): Promise<TelemetryRows> {
  if (feed === undefined) return { telemetry: [], telemetryFaults: [] };
  await feed.refresh();
  return {
    telemetry: feed.readers.map(rowOf),
    telemetryFaults: feed.faults.map(({ process, error: { code, message } }) => ({ process, code, message })),
  };
}

function rowOf(reader: TelemetryReader): TelemetryRow {
  const { service, process } = reader;
  try {
    const { writer, stale, sequence, values } = reader.read();
    return { service, process, writer, stale, sequence: sequence.toString(), values };
  } catch (error) {
    const { writer, last } = reader;
    const { code } = BusError.from(error);
    return {
      service,
      process,
      writer,
      stale: true,
      error: code,
      sequence: (last?.sequence ?? 0n).toString(),
      values: last?.values,
    };
  }
}
