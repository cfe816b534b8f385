import { BusError } from "#wire";

/** A file or text that is not what it is read as, as one sentence: `path` is its subject, `problem` goes on with "is …" or "has …". */
export const badJson = (path: string, problem: string, cause?: unknown): BusError =>
  new BusError("schema/bad-json", {
    details: { path, problem },
    message: `schema/bad-json: ${path} ${problem}`,
    ...(cause === undefined ? {} : { cause }),
  });

/** @param cause what JSON.parse threw */
export const notJson = (path: string, cause: unknown, cure = ""): BusError =>
  badJson(path, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}${cure}`, cause);
