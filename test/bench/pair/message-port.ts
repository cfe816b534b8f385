/** MessagePorts between two worker threads of one process. A number as variant: so many ports, each message to all. */
import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK, madeBefore, makeTick, sink, type WorkloadName, workloadOf } from "./workloads.ts";

/** A port knows no back-pressure: the reader tells how far it is, and the writer stays this far ahead at most. */
const WINDOW = 8192;
const REPORT_EVERY = 1024;
const LOOK_EVERY = 256;

interface Told {
  readonly seq: number;
  readonly progress: boolean;
}

const serve = (ports: readonly MessagePort[], name: WorkloadName): void => {
  const { readObject } = workloadOf(name);
  let handled = 0;
  let asked = 0;
  const tell = (progress: boolean): void => {
    ports[0].postMessage({ ...makeTick(Math.floor(handled / ports.length)), progress });
  };
  for (const port of ports) {
    port.on("message", (message: { seq: number }) => {
      handled++;
      sink[0] += readObject(message as never);
      if (message.seq === ASK) {
        asked++;
        if (asked % ports.length === 0) tell(false);
      } else if (handled % REPORT_EVERY === 0) tell(true);
    });
  }
};

if (!isMainThread && workerData?.ports !== undefined) serve(workerData.ports, workerData.workload);

export const messagePort: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const workload = workloadOf(options.workload);
    const messages = madeBefore(workload);
    const mask = messages.length - 1;
    const asking = workload.make(ASK);
    const channels = Array.from({ length: Number(options.variant) || 1 }, () => new MessageChannel());
    const ports = channels.map((channel) => channel.port1);
    const theirs = channels.map((channel) => channel.port2);
    const data = { ports: theirs, workload: options.workload };
    const worker = new Worker(new URL(import.meta.url), { workerData: data, transferList: theirs });
    await new Promise<void>((resolve, reject) => {
      worker.once("online", resolve);
      worker.once("error", reject);
    });
    let sent = 0;
    let reached = 0;
    const post = (seq: number): void => {
      const message = seq === ASK ? asking : messages[seq & mask];
      sent++;
      for (let i = 0; i < ports.length; i++) ports[i].postMessage(message);
    };
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count - 1; i++) {
          post(i);
          if (i % LOOK_EVERY === 0) {
            do await new Promise((resolve) => setImmediate(resolve));
            while (sent - reached > WINDOW);
          }
        }
        post(ASK);
      },
      ping: () => post(ASK),
    };
    ports[0].on("message", ({ seq, progress }: Told) => {
      reached = seq;
      if (!progress) driver.answered(seq);
    });
    return driver;
  },
};
