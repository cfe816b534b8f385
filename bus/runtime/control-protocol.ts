import type { Socket } from "node:net";
import { LineSplitter } from "./lines.ts";
import type { PlainError } from "./node-messages.ts";

/**
 * What travels on a control socket: one JSON object per line.
 *   client: {"id":1,"command":"status","args":{}}     {"id":1,"cancel":true}
 *   server: {"id":1,"result":…}  {"id":1,"error":{…}}  {"id":1,"item":…} (any number, then result or error)
 */
export interface ControlRequest {
  readonly id: number;
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export type ControlReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly item: unknown }
  | { readonly id: number; readonly error: PlainError };

/** Room for the JSON of a 16 MiB message whose bytes are written as numbers ("255,"). */
export const CONTROL_LINE_BYTES_MAX: number = 64 * 1024 * 1024;

/** @throws SyntaxError, RangeError with words for the user */
export function parseRequest(line: string): ControlRequest | { readonly id: number; readonly cancel: true } {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RangeError("a request is an object");
  const { id, command, args, cancel } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(id) || (id as number) < 0) throw new RangeError("id is not a whole number");
  if (cancel === true) return { id: id as number, cancel };
  if (typeof command !== "string") throw new RangeError("command is not text");
  if (args !== undefined && (typeof args !== "object" || args === null || Array.isArray(args)))
    throw new RangeError("args is not an object");
  return { id: id as number, command, args: (args ?? {}) as Record<string, unknown> };
}

/** Cuts a socket into lines; a peer that sends an endless line is cut off. */
export function readLines(socket: Socket, bytesMax: number, line: (text: string) => void, overflow: () => void): void {
  const splitter = new LineSplitter(bytesMax, line, overflow);
  socket.on("data", (chunk) => splitter.push(chunk));
}

/** JSON as the bus shows it: whole numbers of 64 bits as text, bytes as numbers. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    if (ArrayBuffer.isView(part) && !(part instanceof DataView))
      return Array.from(part as unknown as ArrayLike<number | bigint>, wide);
    return part;
  }) ?? "null";

const wide = (part: number | bigint): number | string => (typeof part === "bigint" ? part.toString() : part);
