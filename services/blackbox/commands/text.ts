/** How commands show things to people. */
import type { JsonValue } from "#schema";
import type { RecordedEvent } from "../recording/event.ts";

/** Columns of equal width; numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          /^[\d.,-]+%?$/.test(cell) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A simulated time of ns in seconds, without losing a digit; a wall time as a date. */
export function timeText(ns: bigint | undefined): string {
  if (ns === undefined) return "-";
  // Simulated times of thirty years are no use of anybody's; times since 1970 are that large.
  if (ns > 1_000_000_000_000_000_000n) return new Date(Number(ns / 1_000_000n)).toISOString();
  return `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;
}

/** One line of an event: when, which turn and faction, what. */
export function eventLine(event: RecordedEvent): string {
  const { header: _, ...value } = event.value() as Record<string, JsonValue>;
  const turn = event.turn === undefined ? "" : ` turn ${event.turn}`;
  const faction = event.faction === undefined || event.faction === 0n ? "" : ` faction ${event.faction}`;
  const topic = event.topic === undefined || event.topic === "" ? "" : `#${event.topic}`;
  const fields = Object.entries(value).map(([key, part]) => `${key}=${JSON.stringify(part)}`);
  return `${timeText(event.time)} ${event.sequence}${turn}${faction} ${event.type}${topic} ${fields.join(" ")}`.trimEnd();
}
