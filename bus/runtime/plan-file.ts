import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Plan } from "#generated/busbar/plan";
import { BusError, Memory } from "#wire";

/** The FlatBuffer that every process of a bus reads (schema/bus/plan.fbs). */
export function encodePlan(plan: Plan): Uint8Array {
  for (let bytes = 64 * 1024; ; bytes *= 4) {
    const memory = Memory.allocate(bytes);
    const end = Plan.encode(memory, 0, memory.size, plan);
    if (end >= 0) return memory.u8.slice(0, end);
  }
}

/** @throws BusError wire/malformed-payload */
export function decodePlan(bytes: Uint8Array): Plan {
  const memory = Memory.copyOf(bytes);
  if (!Plan.verify(memory, 0, bytes.length))
    throw new BusError("wire/malformed-payload", {
      details: { type: Plan.name, reason: "it was cut off or overwritten" },
    });
  return Plan.decode(memory, 0);
}

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
