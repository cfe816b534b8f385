/** A hub of ours for one side of a bench. */
import { join } from "node:path";
import type { Hub } from "#core";
import { Tick } from "#generated/busbar/testing";
import type { Address, Transport } from "#transport";
import { createTcpTransport, createUnixTransport, loadKeys } from "#transport/socket";
import { testHub } from "../../support/hub.ts";
import { planOf } from "../../support/plan.ts";
import type { SideOptions } from "./contestant.ts";
import { workloadOf } from "./workloads.ts";

/** Folder, inside the run's own, where the curve variant finds its keys. */
export const KEYS_FOLDER = "keys";

export const startHub = async (side: "a" | "b", options: SideOptions): Promise<Hub> => {
  const { type } = workloadOf(options.workload);
  const carrier = options.transport === "tcp" ? "tcp" : "unix";
  const process = `p${side}`;
  const hub = testHub({
    development: false,
    process,
    plan: planOf({
      carrier,
      services: {
        a: { process: "pa", publishes: [type], subscribes: [Tick] },
        b: { process: "pb", publishes: [Tick], subscribes: [type] },
      },
      // A publisher that waits for a stopped reader must outlast the measure.
      timeoutMs: 600_000,
    }),
    transports: [transportOf(process, options)],
    addressOf: (name) => addressOf(name, options),
  });
  await hub.start();
  return hub;
};

const transportOf = (process: string, { transport, variant, folder }: SideOptions): Transport => {
  if (transport !== "tcp") return createUnixTransport({});
  return createTcpTransport(variant === "curve" ? { keys: loadKeys(join(folder, KEYS_FOLDER), process) } : {});
};

const addressOf = (process: string, { transport, folder }: SideOptions): Address =>
  transport === "tcp"
    ? { transport: "tcp", host: "127.0.0.1", port: 0, portFile: join(folder, `${process}.port`), node: process }
    : { transport: "unix", path: join(folder, `${process}.sock`) };
