import { BusError } from "#wire";

/** Names through which a process can be made to load or run something else than what the topology says. */
const FORBIDDEN = new Set([
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_REPL_EXTERNAL_MODULE",
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "PYTHONSTARTUP",
  "PYTHONPATH",
  "PYTHONHOME",
  "PERL5OPT",
  "PERL5LIB",
  "RUBYOPT",
  "RUBYLIB",
  "JAVA_TOOL_OPTIONS",
  "_JAVA_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "BASH_ENV",
  "ENV",
  "SHELLOPTS",
  "IFS",
  "PATH",
  "GCONV_PATH",
  "GLIBC_TUNABLES",
]);
const FORBIDDEN_PREFIXES = ["LD_", "DYLD_", "BASH_FUNC_", "BUSBAR_"];

export const isForbiddenEnv = (name: string): boolean =>
  !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ||
  FORBIDDEN.has(name.toUpperCase()) ||
  FORBIDDEN_PREFIXES.some((prefix) => name.toUpperCase().startsWith(prefix));

export interface BusEnv {
  readonly topology: string;
  readonly service: string;
  readonly runtimeDir: string;
  /** Path of the compiled plan. */
  readonly plan: string;
}

/**
 * Environment of a child that runs one service: ours, then what the topology sets, then where the bus is.
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
    if (isForbiddenEnv(name)) throw new BusError("runtime/forbidden-env", { details: { service: bus.service, name } });
    env[name] = value;
  }
  env.BUSBAR_TOPOLOGY = bus.topology;
  env.BUSBAR_SERVICE = bus.service;
  env.BUSBAR_RUNTIME_DIR = bus.runtimeDir;
  env.BUSBAR_PLAN = bus.plan;
  return env;
}
