import { ERRORS } from "#generated/errors";
import { BusError, type ErrorCode } from "#wire";

/** What `up` tells a node process, over the IPC channel of Node. */
export type ToNode =
  | { readonly kind: "start"; readonly service: string }
  | { readonly kind: "stop"; readonly service: string }
  | { readonly kind: "exit" };

/** An error as it crosses a process: code of the closed list, sentence, values. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a node process tells `up`. */
export type FromNode =
  /** The hub listens; services may be started. */
  | { readonly kind: "hosting" }
  | { readonly kind: "ready"; readonly service: string }
  /** `permanent`: a restart cannot cure it (not built, no such plugin, bad config). */
  | { readonly kind: "failed"; readonly service: string; readonly error: PlainError; readonly permanent: boolean }
  | { readonly kind: "stopped"; readonly service: string }
  | { readonly kind: "progress"; readonly service: string; readonly share: number; readonly text: string }
  | { readonly kind: "finish"; readonly service: string; readonly result: unknown };

export const plainError = (error: unknown): PlainError => BusError.from(error).toJSON();

export const errorFromPlain = (plain: PlainError): BusError =>
  new BusError(plain.code, { message: plain.message, details: { ...plain.details } });

/** Checks the shape of anything that claims to be a plain error; unknown codes become core/internal. */
export function readPlainError(value: unknown): PlainError {
  const { code, message, details } = record(value) ?? {};
  return {
    code: typeof code === "string" && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "core/internal",
    message: typeof message === "string" ? message : "the other process gave no reason",
    details: record(details) ?? {},
  };
}

/** @returns undefined for anything that no node process of this version says; services share the channel with us */
export function readFromNode(value: unknown): FromNode | undefined {
  const message = record(value);
  if (message === undefined) return undefined;
  const { kind, service, share, text, result, error, permanent } = message;
  if (kind === "hosting") return { kind };
  if (typeof service !== "string") return undefined;
  switch (kind) {
    case "ready":
    case "stopped":
      return { kind, service };
    case "failed":
      return { kind, service, error: readPlainError(error), permanent: permanent === true };
    case "progress":
      if (typeof share !== "number" || typeof text !== "string") return undefined;
      return { kind, service, share: Math.min(1, Math.max(0, share)), text };
    case "finish":
      return { kind, service, result: result ?? null };
    default:
      return undefined;
  }
}

export function readToNode(value: unknown): ToNode | undefined {
  const { kind, service } = record(value) ?? {};
  if (kind === "exit") return { kind };
  if ((kind === "start" || kind === "stop") && typeof service === "string") return { kind, service };
  return undefined;
}

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
