import { type ChildProcess, fork } from "node:child_process";

export interface StartOptions {
  /** Compiled script. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Pin to this CPU. */
  readonly cpu?: number;
}

/** How long a child may take for one answer before the run gives up. ms */
const ANSWER_MS = 120_000;

/** One child process: a question, an answer. It ends by itself when its channel to us closes. */
export class Child {
  readonly #process: ChildProcess;
  #failed: Error | undefined;
  #settle: ((answer: unknown, error?: Error) => void) | undefined;

  constructor(options: StartOptions, ended: (child: Child) => void) {
    const args = [...(options.args ?? [])];
    const own = ["--expose-gc"];
    const stdio: ("ignore" | "inherit" | "ipc" | number)[] = ["ignore", 2, 2, "ipc"];
    this.#process =
      options.cpu === undefined
        ? fork(options.script, args, { execArgv: own, stdio })
        : // taskset replaces itself by node, so the process that we end is the one that works.
          fork(options.script, args, {
            execPath: "taskset",
            execArgv: ["-c", String(options.cpu), process.execPath, ...own],
            stdio,
          });
    this.#process.on("message", (message: { answer?: unknown; error?: string }) => {
      this.#settle?.(message.answer, message.error === undefined ? undefined : new Error(message.error));
    });
    this.#process.once("error", (error) => this.#fail(error, ended));
    this.#process.once("exit", (code, signal) =>
      this.#fail(new Error(`a bench process ended early (${signal ?? `exit ${code}`})`), ended),
    );
  }

  ask<T>(question: object): Promise<T> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          this.#settle?.(undefined, new Error(`no answer within ${ANSWER_MS / 1000} s to ${JSON.stringify(question)}`)),
        ANSWER_MS,
      );
      this.#settle = (answer, error) => {
        this.#settle = undefined;
        clearTimeout(timer);
        if (error === undefined) resolve(answer as T);
        else reject(error);
      };
      this.#process.send(question, (error) => error !== null && this.#settle?.(undefined, error));
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Resolves when the process is gone. */
  end(): Promise<void> {
    if (this.#failed !== undefined) return Promise.resolve();
    const gone = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    this.kill();
    return gone;
  }

  #fail(error: Error, ended: (child: Child) => void): void {
    this.#failed ??= error;
    this.#settle?.(undefined, error);
    ended(this);
  }
}

/** Everything this run has started. `endAll` is for every way out. */
export class Children {
  readonly #living = new Set<Child>();
  #pinned = 0;

  /** How many were started pinned to a CPU so far. */
  get pinned(): number {
    return this.#pinned;
  }

  start(options: StartOptions): Child {
    if (options.cpu !== undefined) this.#pinned++;
    const child = new Child(options, (ended) => this.#living.delete(ended));
    this.#living.add(child);
    return child;
  }

  endAll(): void {
    for (const child of this.#living) child.kill();
  }
}
