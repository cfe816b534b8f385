import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Plan } from "#generated/busbar/plan";
import { decodeMessage, encodeMessage } from "#schema";
import { BusError } from "#wire";

/** The FlatBuffer that every process of a bus reads (schema/bus/plan.fbs). */
export const encodePlan = (plan: Plan): Uint8Array => encodeMessage(Plan, plan);

/** @throws BusError wire/malformed-payload */
export const decodePlan = (bytes: Uint8Array): Plan => decodeMessage(Plan, bytes);

/** Written beside and renamed, so that a reader never sees half a plan. */
export function writePlan(path: string, plan: Plan): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, encodePlan(plan), { mode: 0o600 });
  renameSync(beside, path);
}

/** @throws BusError runtime/not-running when there is no such file, wire/malformed-payload */
export function readPlan(path: string): Plan {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new BusError("runtime/not-running", { details: { bus: path }, cause });
  }
  return decodePlan(bytes);
}
