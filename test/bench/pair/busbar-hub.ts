/** A hub of ours for one side of a bench. */
import { join } from "node:path";
import type { Hub } from "#core";
import { Echo, Note, Tick } from "#generated/busbar/testing";
import type { Address, Transport } from "#transport";
import { createRingTransport, lookAtSockets, openAddon } from "#transport/ring";
import { createTcpTransport, createUnixTransport, loadKeys } from "#transport/socket";
import { testHub } from "../../support/hub.ts";
import { planOf, type TestService } from "../../support/plan.ts";
import type { SideOptions } from "./contestant.ts";
import { workloadOf } from "./workloads.ts";

/** Folder, inside the run's own, where the curve variant finds its keys. */
export const KEYS_FOLDER = "keys";
/** Services beside ours in the variant "edges"; each publishes to every other one of its process. */
export const CROWD = 101;

const LARGE_BYTES = 64 * 1024;
/** For messages from 64 KiB on: an edge of 8 MiB, messages of up to 2 MiB. Below that the defaults. */
const LARGE = { capacityBytes: 8 * 1024 * 1024, messageBytesMax: 2 * 1024 * 1024 };

export const startHub = async (side: "a" | "b", options: SideOptions): Promise<Hub> => {
  const { type, bytes } = workloadOf(options.workload);
  const carrier = options.transport === "local" ? "unix" : options.transport;
  const process = `p${side}`;
  const services: Record<string, TestService> = {
    a: { process: "pa", publishes: [type], subscribes: [Tick], calls: [Echo] },
    b: { process: "pb", publishes: [Tick], subscribes: [type], serves: [Echo] },
  };
  if (options.variant === "edges") {
    for (const name of crowd()) services[name] = { process: "pa", publishes: [Note], subscribes: [Note] };
  }
  const hub = testHub({
    development: false,
    process,
    plan: planOf({
      carrier,
      services,
      // A publisher that waits for a stopped reader must outlast the measure.
      timeoutMs: 600_000,
      ...(options.transport === "ring" && bytes >= LARGE_BYTES ? LARGE : {}),
    }),
    transports: [transportOf(process, options)],
    addressOf: (name) => addressOf(name, options),
  });
  await hub.start();
  return hub;
};

export const crowd = (): string[] => Array.from({ length: CROWD }, (_, i) => `crowd${i}`);

const transportOf = (process: string, { transport, variant, folder }: SideOptions): Transport => {
  if (transport === "ring") return createRingTransport();
  // As in a process of a topology.
  const addon = openAddon();
  const help = { look: lookAtSockets, release: (buffer: ArrayBuffer): void => addon.releaseBuffer(buffer) };
  if (transport !== "tcp") return createUnixTransport(help);
  const keys = variant === "curve" ? { keys: loadKeys(join(folder, KEYS_FOLDER), process) } : {};
  return createTcpTransport({ ...help, ...keys });
};

const addressOf = (process: string, { transport, folder }: SideOptions): Address => {
  switch (transport) {
    case "ring":
      return { transport: "ring", path: join(folder, `${process}.ring`), service: process };
    case "tcp":
      return { transport: "tcp", host: "127.0.0.1", port: 0, portFile: join(folder, `${process}.port`), node: process };
    default:
      return { transport: "unix", path: join(folder, `${process}.sock`) };
  }
};
