import type { BusError } from "#wire";

const ROOMS = new Set(["topology", "schema", "plugin"]);
const CODES = new Set([
  "runtime/bad-service",
  "runtime/not-built",
  "runtime/build-failed",
  "runtime/no-bridge",
  "runtime/forbidden-env",
  "runtime/missing-tool",
  "runtime/no-addon",
  "runtime/already-running",
  "transport/unavailable",
  "transport/address-in-use",
  "transport/runtime-dir",
  "transport/path-too-long",
  "transport/no-keys",
  "transport/bad-keys",
  "core/not-allowed",
  "core/unknown-service",
  "core/already-served",
]);

/** Whether the same would happen again however often the process is restarted. What user code threw may go away. */
export const isPermanent = (error: BusError): boolean =>
  error.details.phase !== "start" &&
  error.code !== "plugin/failed" &&
  (CODES.has(error.code) || ROOMS.has(error.code.slice(0, error.code.indexOf("/"))));
