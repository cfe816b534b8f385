import type { Row, Unit } from "./row.ts";

const HEADINGS = ["measure", "ours", "peer", "peer's", "times better", "note"] as const;

/** Rows for people: one line each, columns as wide as they need. */
export const tableOf = (rows: readonly Row[]): string => {
  const lines = rows.map((row) => [
    [row.measure, row.transport, row.pair].filter((part) => part !== undefined).join(" "),
    `${readable(row.value, row.unit)} (${readable(row.min, row.unit)} .. ${readable(row.max, row.unit)})`,
    row.peer ?? "",
    row.peer === undefined ? "" : typeof row.peer_value === "number" ? readable(row.peer_value, row.unit) : "missing",
    row.ratio === undefined ? "" : `${row.ratio.toPrecision(3)}x`,
    row.note ?? "",
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...lines.map((line) => line[i].length)));
  return [[...HEADINGS], ...lines]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};

export const readable = (value: number, unit: Unit): string => {
  switch (unit) {
    case "ns":
      return value >= 1e6
        ? `${digits(value / 1e6)} ms`
        : value >= 1e3
          ? `${digits(value / 1e3)} us`
          : `${digits(value)} ns`;
    case "1/s":
      return value >= 1e6
        ? `${digits(value / 1e6)} M/s`
        : value >= 1e3
          ? `${digits(value / 1e3)} k/s`
          : `${digits(value)} /s`;
    case "B": {
      const size = Math.abs(value);
      if (size >= 1048576) return `${digits(value / 1048576)} MiB`;
      return size >= 1024 ? `${digits(value / 1024)} KiB` : `${value} B`;
    }
    default:
      return `${digits(value * 100)} %`;
  }
};

const digits = (value: number): string => String(Number(value.toPrecision(3)));
