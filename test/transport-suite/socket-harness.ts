/** Two hubs in one test process with transports of their own, joined by real sockets. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer } from "zeromq";
import type { Hub } from "#core";
import type { Address, Transport } from "#transport";
import { recordingLog, testHub } from "../support/hub.ts";
import { planOf } from "../support/plan.ts";
import type { Harness, Place } from "./suite.ts";

export interface SocketHarnessOptions {
  readonly name: "unix" | "tcp" | "ring";
  /** Rings between threads: both sides meet by name in this process. */
  readonly among?: "threads";
  /** A transport for the process "pa" or "pb". */
  readonly transport: (process: string) => Promise<Transport> | Transport;
  readonly features: Harness["features"];
}

export const socketHarness = (options: SocketHarnessOptions): Harness => ({
  name: options.features.encrypted ? "tcp with CURVE" : options.among ? "ring between threads" : options.name,
  features: options.features,
  async place(): Promise<Place> {
    const folder = await mkdtemp(join(tmpdir(), "busbar-suite-"));
    const hubs: Hub[] = [];
    const addressOf = (process: string): Address =>
      options.name === "ring"
        ? {
            transport: "ring",
            path: join(folder, `${process}.ring`),
            service: process,
            ...(options.among === undefined ? {} : { among: options.among }),
          }
        : options.name === "unix"
          ? { transport: "unix", path: join(folder, `${process}.sock`) }
          : { transport: "tcp", host: "127.0.0.1", port: 0, portFile: join(folder, `${process}.port`), node: process };
    return {
      async side(service, plan, epoch = 1) {
        const process = plan.services[service].process ?? "main";
        const log = recordingLog();
        const hub = testHub({
          plan: planOf({ carrier: options.name, ...plan }),
          process,
          transports: [await options.transport(process)],
          addressOf,
          epochOf: () => epoch,
          log,
        });
        hubs.push(hub);
        const bus = hub.bus(service);
        await hub.start();
        return { hub, bus, log: log.lines };
      },
      ...(options.features.encrypted || options.name === "ring"
        ? {}
        : {
            async stranger(bytes: Uint8Array) {
              const dealer = new Dealer({ linger: 0, immediate: true, sendTimeout: 500, receiveTimeout: 100 });
              const answers: Uint8Array[] = [];
              try {
                const { readFile } = await import("node:fs/promises");
                const target =
                  options.name === "unix"
                    ? `ipc://${join(folder, "pb.sock")}`
                    : `tcp://127.0.0.1:${(await readFile(join(folder, "pb.port"), "utf8")).trim()}`;
                dealer.connect(target);
                await dealer.send(bytes);
                for (;;) answers.push(...((await dealer.receive()) as Uint8Array[]));
              } catch {
                // Nothing (more) came back within the time.
              } finally {
                dealer.close();
              }
              return answers;
            },
          }),
      async close() {
        await Promise.all(hubs.map((hub) => hub.close({ drain: 100 })));
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
});
