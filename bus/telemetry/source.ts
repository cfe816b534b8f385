/** Where readers get records from: the contract between what maps memory and what shows it. */
import type { BusError } from "#wire";

/** What one look at a record gave. `copy` holds a whole value after `ok`, and the one before after `stale`. */
export const ReadStatus = {
  ok: 0,
  stale: 1,
  writerDead: 2,
  noValue: 3,
  badMagic: 4,
  badVersion: 5,
  badSize: 6,
  badCrc: 7,
} as const;
export type ReadStatus = (typeof ReadStatus)[keyof typeof ReadStatus];

/** One record that is mapped here. */
export interface RecordMemory {
  /** RECORD_BYTES; the last whole value, or, after a bad header, what was found in its place. */
  readonly copy: ArrayBuffer;
  /** Copies the record under its protocol. Never waits. */
  read(): ReadStatus;
  /** Whether the writing process is gone. */
  gone(): boolean;
  close(): void;
}

/** One record of a process, as its list names it. */
export interface RecordEntry {
  readonly service: string;
  /** Distinguishes two records that the same service had in one process one after the other. */
  readonly slot: number;
  open(): RecordMemory;
}

/** The records of one writing process. */
export interface TelemetrySource {
  /** Process of the plan. */
  readonly process: string;
  readonly pid: number;
  /** The process is gone; its records can still be read. */
  gone(): boolean;
  /** Asks the process again. @throws (rejects) BusError telemetry/malformed, telemetry/writer-dead, core/timeout (no answer) */
  list(): Promise<readonly RecordEntry[]>;
  close(): void;
}

/**
 * Finds the writing processes of a running bus.
 * @param refuse told of each that is there and cannot be used, at every call
 * @returns those that were not there at the last call
 */
export type FindSources = (refuse: (process: string, error: BusError) => void) => Promise<readonly TelemetrySource[]>;
