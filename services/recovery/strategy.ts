/** Which error is answered by which strategy. */
import { BusError, type ErrorCode } from "#bus";

/**
 * retry: the same again, later · skip: this item is wrong, the others are not · rollback: the service's state is in doubt ·
 * restart: nobody is there to answer · fail: the caller itself is wrong, or wanted it so
 */
export type Strategy = "retry" | "skip" | "rollback" | "restart" | "fail";

/** By the name behind the room's prefix: every service uses the same names for the same troubles. */
const BY_NAME: Readonly<Record<string, Strategy>> = {
  "limit-exceeded": "retry",
  "deadline-exceeded": "retry",
  timeout: "retry",
  full: "retry",
  overloaded: "retry",
  "not-ready": "retry",
  unreachable: "retry",
  malformed: "skip",
  "malformed-payload": "skip",
  "unknown-format": "skip",
  "bad-header": "skip",
  "unsupported-version": "skip",
  "unknown-key": "skip",
  "unknown-name": "skip",
  "type-mismatch": "skip",
  "out-of-range": "skip",
  "not-expressible": "skip",
  unsupported: "skip",
  "bad-genome": "skip",
  "not-found": "skip",
  "stale-id": "skip",
  duplicate: "skip",
  conflict: "skip",
  "corrupt-state": "rollback",
  internal: "rollback",
  failed: "rollback",
  "bad-answer": "rollback",
  "handler-failed": "rollback",
  "peer-lost": "restart",
  "link-lost": "restart",
  crashed: "restart",
  "no-server": "restart",
};
/** Where the bus means something else than services do by the same name. */
const BY_CODE: Partial<Record<ErrorCode, Strategy>> = {
  "wire/unknown-key": "fail",
  "wire/unsupported-version": "fail",
  "topology/unknown-key": "fail",
  "topology/unsupported": "fail",
  "topology/duplicate": "fail",
  "topology/not-found": "fail",
  "plugin/not-found": "fail",
};

/**
 * @param error anything thrown; what is no BusError fails, because a fault of the caller's own code is not cured by repeating it
 * @returns the strategy; `core/cancelled` and every unlisted code fail
 * @source README.md, the table of strategies
 */
export function strategyOf(error: unknown): Strategy {
  if (!(error instanceof BusError)) return "fail";
  const name = error.code.slice(error.code.indexOf("/") + 1);
  return BY_CODE[error.code] ?? BY_NAME[name] ?? "fail";
}
