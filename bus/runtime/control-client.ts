import { connect, type Socket } from "node:net";
import { BusError } from "#wire";
import { CONTROL_LINE_BYTES_MAX, readLines, toJson } from "./control-protocol.ts";
import { errorFromPlain, readPlainError } from "./node-messages.ts";

export interface ControlCallOptions {
  readonly signal?: AbortSignal;
  /** How long to wait for the end of the answer; default: for ever. A process whose event loop is stuck answers nothing. */
  readonly timeoutMs?: number;
  /** Called for each part of a streamed answer. */
  readonly item?: (value: unknown) => void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: BusError): void;
  item: ((value: unknown) => void) | undefined;
}

/** One connection to a control socket. */
export class ControlClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    readLines(
      socket,
      CONTROL_LINE_BYTES_MAX,
      (line) => this.#line(line),
      () => socket.destroy(),
    );
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      const error = new BusError("transport/link-lost", {
        details: { peer: this.#path, reason: "the process closed its control socket" },
      });
      for (const pending of this.#pending.values()) pending.reject(error);
      this.#pending.clear();
    });
  }

  /** @throws BusError transport/unreachable */
  static open(path: string): Promise<ControlClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", (error: NodeJS.ErrnoException) =>
        reject(
          new BusError("transport/unreachable", { details: { address: path, reason: error.code ?? error.message } }),
        ),
      );
      socket.once("connect", () => {
        socket.removeAllListeners("error");
        resolve(new ControlClient(socket, path));
      });
    });
  }

  /** @throws (rejects) BusError as the server said; core/cancelled after an abort, core/timeout */
  call(command: string, args: object = {}, options: ControlCallOptions = {}): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options;
      const giveUp = (error: BusError): void => {
        if (!this.#pending.delete(id)) return;
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        this.#socket.write(`${toJson({ id, cancel: true })}\n`);
        reject(error);
      };
      const cancel = (): void => giveUp(new BusError("core/cancelled", { details: { what: command } }));
      const expired = (): void =>
        giveUp(
          new BusError("core/timeout", {
            details: { what: `${command} of ${this.#path}`, timeout: `${timeoutMs} ms` },
          }),
        );
      let timer: NodeJS.Timeout | undefined;
      if (signal?.aborted) {
        reject(new BusError("core/cancelled", { details: { what: command } }));
        return;
      }
      if (!this.#socket.writable) {
        reject(new BusError("core/closed", { details: { what: this.#path } }));
        return;
      }
      if (timeoutMs !== undefined) timer = setTimeout(expired, timeoutMs);
      signal?.addEventListener("abort", cancel, { once: true });
      const settle =
        <T>(callback: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", cancel);
          callback(value);
        };
      this.#pending.set(id, { resolve: settle(resolve), reject: settle(reject), item: options.item });
      this.#socket.write(`${toJson({ id, command, args })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #line(text: string): void {
    let reply: Record<string, unknown>;
    try {
      reply = JSON.parse(text);
    } catch {
      this.#socket.destroy();
      return;
    }
    const pending = this.#pending.get(reply.id as number);
    if (pending === undefined) return;
    if ("item" in reply) {
      pending.item?.(reply.item);
      return;
    }
    this.#pending.delete(reply.id as number);
    if ("error" in reply) pending.reject(errorFromPlain(readPlainError(reply.error)));
    else pending.resolve(reply.result);
  }
}
