import { pathToFileURL } from "node:url";
import { clockService } from "#clock";
import type { ServiceModule } from "#core";
import type { Plan, Service } from "#generated/busbar/plan";
import { CLOCK_TARGET } from "#topology";
import { BusError } from "#wire";
import { findCode, scriptOf } from "./build-services.ts";
import { systemClock } from "./clock.ts";

const CLOCK_PORT: Parameters<typeof clockService>[0] = {
  now: systemClock.now,
  after: systemClock.after,
  pause: () => new Promise((resolve) => setImmediate(resolve)),
};

/**
 * Loads the module of a `ts:` service. Nothing is compiled here; `up` has done that before it started processes.
 * @throws BusError runtime/not-built, runtime/bad-service
 */
export async function loadService(plan: Plan, service: Service): Promise<ServiceModule> {
  if (service.target === CLOCK_TARGET) return clockService(CLOCK_PORT);
  const script = scriptOf(findCode(plan, service));
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(script).href);
  } catch (error) {
    if (error instanceof BusError) throw error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new BusError("runtime/bad-service", {
      details: { service: service.name, reason: `${script} cannot be loaded: ${reason}` },
      cause: error,
    });
  }
  return checkModule(service.name, script, module.default);
}

export function checkModule(service: string, script: string, exported: unknown): ServiceModule {
  const refuse = (reason: string): BusError => new BusError("runtime/bad-service", { details: { service, reason } });
  if (exported === undefined)
    throw refuse(`${script} has no default export; write \`export default defineService({ start(bus, ctx) { … } })\``);
  if (
    typeof exported !== "object" ||
    exported === null ||
    !("start" in exported) ||
    typeof exported.start !== "function"
  )
    throw refuse(`the default export of ${script} has no start function; make it with defineService`);
  if ("stop" in exported && exported.stop !== undefined && typeof exported.stop !== "function")
    throw refuse(`stop in the default export of ${script} is not a function`);
  return exported as ServiceModule;
}
