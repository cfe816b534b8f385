import { isForbiddenVariable } from "#topology";
import { BusError } from "#wire";

export interface BusEnv {
  readonly topology: string;
  readonly service: string;
  readonly runtimeDir: string;
  /** Path of the compiled plan. */
  readonly plan: string;
}

/**
 * Environment of a child that runs one service: ours, then what the topology sets, then where the bus is. The names are
 * checked here again, because a plan is a file that others may have written.
 * @throws BusError runtime/forbidden-env
 */
export function childEnv(
  inherited: Readonly<Record<string, string | undefined>>,
  set: readonly { readonly name: string; readonly value: string }[],
  bus: BusEnv,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    // A nested `up` or an npm script around us must not decide which bus the child joins.
    if (value !== undefined && !name.startsWith("BUSBAR_") && !name.startsWith("NODE_CHANNEL_")) env[name] = value;
  }
  for (const { name, value } of set) {
    if (isForbiddenVariable(name) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new BusError("runtime/forbidden-env", { details: { service: bus.service, name } });
    env[name] = value;
  }
  env.BUSBAR_TOPOLOGY = bus.topology;
  env.BUSBAR_SERVICE = bus.service;
  env.BUSBAR_RUNTIME_DIR = bus.runtimeDir;
  env.BUSBAR_PLAN = bus.plan;
  return env;
}
