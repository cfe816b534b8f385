import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { BusError } from "#wire";
import { errorFromPlain } from "./node-messages.ts";
import { decodeFromThread, encode, type FromThread, type ThreadData, type ToThread } from "./thread-messages.ts";
import type { Quarters } from "./unit.ts";

export interface ServiceThreadOptions {
  /** Name of the process of the plan that the thread is. */
  readonly process: string;
  readonly planFile: string;
  progress(service: string, share: number, text: string): void;
  finish(service: string, result: unknown): void;
  /** Its control socket was asked to end the process. */
  stop(): void;
  /** It ended without being asked to: by an exception (with its stack), or because a service called process.exit. */
  ended(code: number, reason: string | undefined, stack: string | undefined): void;
}

/** The worker thread of one service, as the process around it sees it. */
export class ServiceThread implements Quarters {
  readonly #options: ServiceThreadOptions;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  readonly #gone: Promise<void>;
  /** It has said that it leaves, and stands still. */
  readonly #parked: (code: number) => void;
  #hosting: { resolve(): void; reject(error: Error): void } | undefined;
  #crash: { reason: string; stack: string | undefined } | undefined;
  #ending = false;
  #over = false;
  #id = 0;

  private constructor(options: ServiceThreadOptions) {
    this.#options = options;
    const { process: name, planFile } = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const data: ThreadData = { busbarThread: { process: name, planFile, port: port2 } };
    // A port of its own: parentPort belongs to the service.
    this.#worker = new Worker(new URL("./thread-main.js", import.meta.url), {
      name,
      workerData: data,
      transferList: [port2],
    });
    port1.on("message", (text) => this.#message(decodeFromThread(text)));
    // What nothing in the thread could report: its memory ran out, or its program cannot be loaded.
    this.#worker.on("error", (error: Error) => {
      this.#crash ??= { reason: `${error.name}: ${error.message}`, stack: error.stack };
    });
    let parked: (code: number) => void = () => undefined;
    this.#gone = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        // Its last words lie in the port.
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1))
          this.#message(decodeFromThread(last.message));
        this.#exited(code);
        resolve();
      });
      parked = (code) => {
        this.#exited(code);
        resolve();
      };
    });
    this.#parked = parked;
  }

  /** Resolves when its hub listens. @throws BusError with which it could not be opened */
  static async open(options: ServiceThreadOptions): Promise<ServiceThread> {
    const thread = new ServiceThread(options);
    await new Promise<void>((resolve, reject) => {
      thread.#hosting = { resolve, reject };
    });
    thread.#hosting = undefined;
    return thread;
  }

  start(service: string): Promise<void> {
    return this.#ask({ kind: "start", service });
  }

  async stop(service: string): Promise<void> {
    if (!this.#over) await this.#ask({ kind: "stop", service });
  }

  async end(drainMs: number): Promise<void> {
    if (this.#over) return;
    this.#ending = true;
    await this.#ask({ kind: "end", drainMs });
    await this.#gone;
  }

  #ask(what: { kind: "start" | "stop"; service: string } | { kind: "end"; drainMs: number }): Promise<void> {
    if (this.#over) return Promise.reject(this.#lost());
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage(encode({ id, ...what } as ToThread));
    });
  }

  #message(message: FromThread): void {
    switch (message.kind) {
      case "hosting":
        this.#hosting?.resolve();
        return;
      case "failed":
        this.#ending = true; // it ends by itself, and who opens it is told why
        this.#hosting?.reject(errorFromPlain(message.error));
        return;
      case "done": {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.error === undefined) waiting?.resolve();
        else waiting?.reject(errorFromPlain(message.error));
        return;
      }
      case "progress":
        this.#options.progress(message.service, message.share, message.text);
        return;
      case "finish":
        this.#options.finish(message.service, message.result);
        return;
      case "quit":
        this.#options.stop();
        return;
      case "crashed":
        this.#crash ??= message;
        return;
      case "left":
        this.#parked(message.code);
        return;
    }
  }

  #exited(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#port.close();
    this.#worker.unref();
    const lost = this.#lost();
    this.#hosting?.reject(lost);
    for (const waiting of this.#waiting.values()) {
      if (this.#ending) waiting.resolve();
      else waiting.reject(lost);
    }
    this.#waiting.clear();
    if (!this.#ending) this.#options.ended(code, this.#crash?.reason, this.#crash?.stack);
  }

  #lost(): BusError {
    const service = this.#options.process.split("@")[0];
    const reason = this.#crash?.reason ?? "its thread ended";
    return new BusError("runtime/bad-service", { details: { service, reason, phase: "start" } });
  }
}
