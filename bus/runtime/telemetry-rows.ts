import type { TelemetryFeed, TelemetryReader, TelemetryValues, WriterState } from "#telemetry";
import { BusError } from "#wire";

/** One telemetry record as it is now: the value of now or the last good one, and which of the two. */
export interface TelemetryRow {
  readonly service: string;
  readonly process: string;
  readonly writer: WriterState;
  /** Whether the process answered at this look. What is known of its record is shown either way. */
  readonly answers: boolean;
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
  /** Processes that keep records and did not answer: records that are not known yet cannot be had from them. */
  readonly telemetrySilent: readonly SilentRecords[];
}

export interface SilentRecords {
  readonly process: string;
  /** What the plan has in it. */
  readonly services: readonly string[];
  /** Since it was first asked without an answer; how long before that nobody knows. */
  readonly silentMs: number;
}

/**
 * @param feed undefined: there is no reading of records here
 * @param servicesIn what the plan has in a process
 */
export async function telemetryRows(
  feed: TelemetryFeed | undefined,
  servicesIn: (process: string) => readonly string[],
): Promise<TelemetryRows> {
  if (feed === undefined) return { telemetry: [], telemetryFaults: [], telemetrySilent: [] };
  await feed.refresh();
  const silent = new Set(feed.silent.map(({ process }) => process));
  return {
    telemetry: feed.readers.map((reader) => rowOf(reader, !silent.has(reader.process))),
    telemetryFaults: feed.faults.map(({ process, error: { code, message } }) => ({ process, code, message })),
    telemetrySilent: feed.silent.map(({ process, sinceMs }) => ({
      process,
      services: servicesIn(process),
      silentMs: performance.now() - sinceMs,
    })),
  };
}

function rowOf(reader: TelemetryReader, heard: boolean): TelemetryRow {
  const { service, process } = reader;
  const answers = heard && reader.writer !== "dead";
  try {
    const { writer, stale, sequence, values } = reader.read();
    return { service, process, writer, answers, stale, sequence: sequence.toString(), values };
  } catch (error) {
    const { writer, last } = reader;
    const { code } = BusError.from(error);
    return {
      service,
      process,
      writer,
      answers,
      stale: true,
      error: code,
      sequence: (last?.sequence ?? 0n).toString(),
      values: last?.values,
    };
  }
}
