import { BusError } from "#bus";

/** `config` of the service in the topology. */
export interface DeskOptions {
  /** Service that the native plugin is. Default "payments". */
  readonly core: string;
  /** SQLite file of checkpoints and recordings, from the folder the process runs in. Default "payments-store.sqlite". */
  readonly store: string;
  /** Folder of policy files that configs name. Default: none are read. */
  readonly root: string | undefined;
}

const DEFAULTS = { core: "payments", store: "payments-store.sqlite", root: undefined };

/** @throws BusError runtime/bad-service naming the key */
export function readOptions(service: string, config: Readonly<Record<string, unknown>>): DeskOptions {
  const options = { ...DEFAULTS, ...config };
  for (const [key, value] of Object.entries(options)) {
    const known = Object.hasOwn(DEFAULTS, key);
    if (known && (value === undefined || (typeof value === "string" && value !== ""))) continue;
    const reason = known
      ? `config.${key} is ${JSON.stringify(value)}; write a text`
      : `config has an unknown key '${key}'; known are ${Object.keys(DEFAULTS).join(", ")}`;
    throw new BusError("runtime/bad-service", { details: { service, reason } });
  }
  return options as DeskOptions;
}
