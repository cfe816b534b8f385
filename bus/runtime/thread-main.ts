/**
 * The program of a worker thread: hosts one `ts:` service with `thread = "own"`, as told by the node process around it.
 * It is a process of the plan in all but its address space: it has a hub, inboxes and a control socket of its own.
 */
import { workerData } from "node:worker_threads";
import { createLog, type LogLevel } from "./log.ts";
import { plainError } from "./node-messages.ts";
import { readPlan } from "./plan-file.ts";
import { decodeToThread, encode, type FromThread, type ThreadData } from "./thread-messages.ts";
import { Unit } from "./unit.ts";

const { process: name, planFile, port } = (workerData as ThreadData).busbarThread;
const tell = (message: FromThread): void => port.postMessage(encode(message));

/**
 * Leaving means the process. A thread that ended by itself here would take sockets of libzmq with it that are still open,
 * and their addon then aborts the process; so it stands still, and the main thread, which is told, ends everything.
 */
(process as { reallyExit?: (code: number) => void }).reallyExit = (code) => {
  tell({ kind: "left", code });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
/** After its end was asked for, a thread ends by itself once nothing is left on its loop; what lingers has this long. */
const LINGER_MS = 500;

const crash = (error: unknown): void => {
  const [reason, stack] = error instanceof Error ? [`${error.name}: ${error.message}`, error.stack] : [String(error)];
  tell({ kind: "crashed", reason, stack });
  process.exit(1);
};
process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);

async function main(): Promise<void> {
  const plan = readPlan(planFile);
  let unit: Unit;
  try {
    unit = await Unit.open({
      plan,
      process: name,
      log: createLog({ format: "json", level: (plan.log ?? "info") as LogLevel }),
      progress: (service, share, text) => tell({ kind: "progress", service, share, text }),
      finish: (service, result) => tell({ kind: "finish", service, result }),
      stop: () => tell({ kind: "quit" }),
    });
  } catch (error) {
    tell({ kind: "failed", error: plainError(error) });
    return;
  }
  port.on("message", (text) => {
    const message = decodeToThread(text);
    const { id } = message;
    const work = message.kind === "end" ? unit.end(message.drainMs) : unit[message.kind](message.service);
    work.then(
      () => tell({ kind: "done", id }),
      (error) => tell({ kind: "done", id, error: plainError(error) }),
    );
    if (message.kind === "end") {
      void work.finally(() => {
        port.close();
        setTimeout(() => process.exit(0), LINGER_MS).unref();
      });
    }
  });
  tell({ kind: "hosting" });
}

main().catch(crash);
