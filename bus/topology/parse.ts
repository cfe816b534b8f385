import { parse } from "@iarna/toml";
import { type ParseError, parseTOML } from "toml-eslint-parser";
import { BusError } from "#wire";
import { type Places, type Position, placesIn } from "./place.ts";
import { oneLine } from "./problem.ts";

/** TOML values as the parser hands them over: integers beyond 2^53 as bigint, dates as Date. */
export type TomlValue = string | number | bigint | boolean | Date | TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

export interface ParsedTopology {
  /** As it appears in messages. */
  readonly file: string;
  readonly root: TomlTable;
  readonly places: Places;
}

/**
 * @param text content of the file; a byte order mark is ignored
 * @param file how messages name it
 * @throws BusError topology/bad-toml with line and column
 */
export function parseTopology(text: string, file: string): ParsedTopology {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { file, root: parse(clean) as TomlTable, places: placesIn(clean) };
  } catch (error) {
    const { reason, line, column } = faultOf(clean, error);
    throw new BusError("topology/bad-toml", { details: { path: file, line, column, reason }, cause: error });
  }
}

/** The first parser says what is wrong but stands one character behind it; the second one knows the place better. */
function faultOf(text: string, error: unknown): Position & { reason: string } {
  const first = error as { message?: string; line?: number; col?: number };
  const line = (first.line ?? 0) + 1;
  const width = (text.split("\n")[line - 1] ?? "").replace(/\r$/, "").length;
  const column = Math.min(Math.max(first.col ?? 1, 1), width + 1);
  const second = secondOpinion(text);
  const place = second !== undefined && second.lineNumber === line ? second.column + 1 : column;
  const lines = (first.message ?? String(error)).split("\n", 1)[0];
  const plain = lines.replace(/ at row \d+, col \d+, pos \d+:?$/, "");
  const reason = second !== undefined && /redefine existing/.test(plain) ? redefined(text, line, place) : plain;
  return { reason: oneLine(reason.charAt(0).toLowerCase() + reason.slice(1)), line, column: place };
}

function secondOpinion(text: string): ParseError | undefined {
  try {
    parseTOML(text, { tomlVersion: "1.0" });
    return undefined;
  } catch (error) {
    const fault = error as ParseError;
    return typeof fault.lineNumber === "number" && typeof fault.column === "number" ? fault : undefined;
  }
}

const redefined = (text: string, line: number, column: number): string => {
  const key = /^[^=\]\n]*/.exec((text.split("\n")[line - 1] ?? "").slice(column - 1))?.[0].trim() ?? "";
  return `'${key}' is given twice`;
};
