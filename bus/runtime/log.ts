import { type DestinationStream, destination, type Logger as Pino, pino, stdTimeFunctions } from "pino";
import type { Logger } from "#core";

export type LogFormat = "text" | "json";
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** One line of a log as pino writes it; what `up` reads from its node processes. */
export interface LogRecord {
  readonly level: number;
  readonly time: string;
  readonly service?: string;
  readonly msg?: string;
  readonly [key: string]: unknown;
}

export interface LogOptions {
  readonly format: LogFormat;
  /** Default "info". */
  readonly level?: LogLevel;
  /** File descriptor; default 1. */
  readonly fd?: number;
}

/** A log of one process. Writing never blocks the event loop; what waits is written when the process exits by itself. */
export function createLog(options: LogOptions): Pino {
  const out = destination({ fd: options.fd ?? 1, sync: false });
  const stream: DestinationStream =
    options.format === "json"
      ? out
      : {
          write(line: string) {
            const record = readLogRecord(line);
            out.write(record === undefined ? line : `${formatRecord(record)}\n`);
          },
        };
  return pino(
    {
      level: options.level ?? "info",
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { error: plainCause, err: plainCause },
    },
    stream,
  );
}

/** What a service gets: the process's log with its name in each line. */
export const logOf = (log: Pino, service: string): Logger => log.child({ service }) as unknown as Logger;

/** @returns undefined when the line is something else that was written to the same stream */
export function readLogRecord(line: string): LogRecord | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const record = JSON.parse(line);
    return typeof record.level === "number" && typeof record.time === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}

export const levelName = (level: number): string =>
  level >= 50 ? "error" : level >= 40 ? "warn" : level >= 30 ? "info" : "debug";

/** "12:00:00.123 warn  text  key=value"; a level is named where it is not info. A stack follows on lines of its own. */
export function formatRecord(record: LogRecord): string {
  const { level, time, service: _service, msg, stack, ...fields } = record;
  const parts = [clockTime(time)];
  if (level !== 30) parts.push(levelName(level).padEnd(5));
  if (msg !== undefined) parts.push(msg);
  for (const [key, value] of Object.entries(fields)) parts.push(`${key}=${short(value)}`);
  const text = parts.join(" ");
  return typeof stack === "string" ? [text, ...stack.split("\n").slice(1, 9)].join("\n") : text;
}

const clockTime = (iso: string): string => iso.slice(11, 23);

const short = (value: unknown): string => {
  const text = typeof value === "string" && !/[\s="]/.test(value) ? value : JSON.stringify(value);
  return text === undefined ? "" : text.length > 400 ? `${text.slice(0, 400)}…` : text;
};

const plainCause = (value: unknown): unknown => {
  if (!(value instanceof Error)) return value;
  const code = "code" in value ? value.code : undefined;
  return { ...(code === undefined ? {} : { code }), message: value.message };
};
