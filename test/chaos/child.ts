import { type ChildProcess, fork } from "node:child_process";
import type { Question } from "./survivor.ts";

const ANSWER_MS = 30_000;

/** A started program that is ready for its first message. */
export class Child {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  out = "";
  err = "";
  linked = false;
  quiet = false;
  #next = 1;
  readonly #waiting = new Map<number, (value: unknown, error?: string) => void>();

  constructor(script: string, args: string[]) {
    this.process = fork(script, args, { execArgv: ["--expose-gc"], stdio: ["ignore", "pipe", "pipe", "ipc"] });
    this.process.stdout?.on("data", (chunk) => {
      this.out += chunk;
    });
    this.process.stderr?.on("data", (chunk) => {
      this.err += chunk;
    });
    this.ready = new Promise((resolve, reject) => {
      this.process.on("close", (code, signal) =>
        reject(new Error(`it ended (${signal ?? code}) before it was ready: ${this.err}`)),
      );
      this.process.on("message", (message: Record<string, unknown>) => {
        if (message.ready === true) resolve();
        if (message.linked === true) this.linked = true;
        if (message.quiet === true) this.quiet = true;
        if (typeof message.id === "number")
          this.#waiting.get(message.id)?.(message.value, message.error as string | undefined);
      });
    });
    // Who needs it awaits it; a spare one that could not start is nobody's fault until then.
    this.ready.catch(() => undefined);
    this.exited = new Promise((resolve) => {
      this.process.on("close", (code, signal) => {
        for (const settle of this.#waiting.values()) settle(undefined, `it ended (${signal ?? code}): ${this.err}`);
        resolve({ code, signal });
      });
    });
  }

  ask<T>(question: Question): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the survivor did not answer ${question.ask} within ${ANSWER_MS} ms: ${this.err}`)),
        ANSWER_MS,
      );
      this.#waiting.set(id, (value, error) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (error === undefined) resolve(value as T);
        else reject(new Error(`the survivor: ${error}`));
      });
      this.process.send({ id, ...question });
    });
  }
}
