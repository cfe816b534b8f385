/**
 * Calls to a worker thread, answered in order. Writing files is work of a second or more; on the event loop it would hold every
 * request of the process.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type MessagePort, type TransferListItem, Worker } from "node:worker_threads";
import { BusError } from "#bus";

interface Call {
  readonly method: string;
  readonly value: unknown;
}
type Reply = { readonly value: unknown } | { readonly error: Parameters<typeof revive>[0] };

/** The main thread's end. Close it when the work is done, or given up. */
export class WorkerCalls implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  #end: Error | undefined;

  /** @param program path of the worker's module as the caller's `import.meta.url` sees it: `new URL("./x.js", import.meta.url)` */
  constructor(program: URL) {
    this.#worker = new Worker(compiled(program), { execArgv: [] });
    this.#worker.on("message", (reply: Reply) => {
      const { resolve, reject } = this.#waiting.shift()!;
      if ("error" in reply) reject(revive(reply.error));
      else resolve(reply.value);
    });
    this.#worker.on("error", (error) => this.#fail(error as Error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`the worker ended with exit code ${code}`)));
  }

  /** @throws (rejects) BusError as the worker threw it; core/internal when the worker itself failed */
  call<Value>(method: string, value: unknown, transfer: TransferListItem[] = []): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ method, value } satisfies Call, transfer);
    });
  }

  #fail(error: Error): void {
    this.#end ??= BusError.from(error);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

export type CallHandlers = Readonly<Record<string, (value: never) => Answered | Promise<Answered>>>;
export interface Answered {
  readonly value?: unknown;
  readonly transfer?: readonly ArrayBufferLike[];
}

/** The worker's end: one call after the other. */
export function answerCalls(port: MessagePort, handlers: CallHandlers): void {
  let last = Promise.resolve();
  port.on("message", ({ method, value }: Call) => {
    last = last.then(async () => {
      try {
        const { value: answer, transfer = [] } = await handlers[method]!(value as never);
        port.postMessage({ value: answer } satisfies Reply, transfer as unknown as TransferListItem[]);
      } catch (error) {
        const { code, message, details } = BusError.from(error);
        port.postMessage({ error: { code, message, details } } satisfies Reply);
      }
    });
  });
}

const revive = ({ code, message, details }: Pick<BusError, "code" | "message" | "details">): BusError =>
  new BusError(code, { message, details });

/** Threads run what is compiled: Node does not read TypeScript in all versions that this runs on. */
function compiled(program: URL): URL | string {
  const path = fileURLToPath(program);
  if (existsSync(path)) return program;
  const root = rootAbove(dirname(path));
  const built = join(root, "dist", relative(root, path));
  if (existsSync(built)) return built;
  throw new BusError("core/internal", { details: { reason: `${built} is missing; run \`npm run build\`` } });
}

const rootAbove = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
