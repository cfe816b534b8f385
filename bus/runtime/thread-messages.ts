/** What a node process and the worker threads of its services tell each other: JSON over a MessagePort of their own. */
import type { MessagePort } from "node:worker_threads";
import { type PlainError, readPlainError } from "./node-messages.ts";

/** Answered by `done` with the same id. */
export type ToThread = { readonly id: number } & (
  | { readonly kind: "start" | "stop"; readonly service: string }
  | { readonly kind: "end"; readonly drainMs: number }
);

export type FromThread =
  /** The hub of the thread listens. */
  | { readonly kind: "hosting" }
  /** It could not be opened. */
  | { readonly kind: "failed"; readonly error: PlainError }
  | { readonly kind: "done"; readonly id: number; readonly error?: PlainError }
  | { readonly kind: "progress"; readonly service: string; readonly share: number; readonly text: string }
  | { readonly kind: "finish"; readonly service: string; readonly result: unknown }
  /** Its control socket was asked to stop the process. */
  | { readonly kind: "quit" }
  /** An exception that nobody caught; `left` follows. */
  | { readonly kind: "crashed"; readonly reason: string; readonly stack: string | undefined }
  /** process.exit was called; the thread stands still from then on. */
  | { readonly kind: "left"; readonly code: number };

/** `workerData` of a thread. */
export interface ThreadData {
  readonly busbarThread: { readonly process: string; readonly planFile: string; readonly port: MessagePort };
}

export const encode = (message: ToThread | FromThread): string => JSON.stringify(message);
/** Both ends are of one package, and services do not hold the port: nobody else writes there. */
export const decodeToThread = (text: unknown): ToThread => JSON.parse(String(text)) as ToThread;
export function decodeFromThread(text: unknown): FromThread {
  const message = JSON.parse(String(text)) as FromThread;
  return "error" in message ? { ...message, error: readPlainError(message.error) } : message;
}
