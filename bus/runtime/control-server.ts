import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { BusError } from "#wire";
import {
  CONTROL_LINE_BYTES_MAX,
  type ControlReply,
  type ControlRequest,
  parseRequest,
  readLines,
  toJson,
} from "./control-protocol.ts";
import { plainError } from "./node-messages.ts";

export interface ControlContext {
  /** Aborted when the client cancels or goes away. */
  readonly signal: AbortSignal;
  /** Sends one part of the answer; resolves when there is room for more. */
  item(value: unknown): Promise<void>;
}

/** Answers one command; what it resolves with is the result. */
export type ControlHandler = (
  args: Readonly<Record<string, unknown>>,
  context: ControlContext,
) => Promise<unknown> | unknown;

export interface ControlServerOptions {
  /** Path of the socket, inside the 0700 runtime folder. A file that is there is stale, because the caller holds the lock. */
  readonly path: string;
  readonly commands: Readonly<Record<string, ControlHandler>>;
  /** Default 64 MiB; tests use less. */
  readonly lineBytesMax?: number;
}

const CONNECTIONS_MAX = 32;
const REQUESTS_MAX = 64;

/** The control socket of one process. Whoever may enter the runtime folder may use it; that is the same user only. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer({ pauseOnConnect: false }, (socket) => this.#serve(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws BusError transport/path-too-long, transport/address-in-use */
  async open(): Promise<void> {
    const { path } = this.#options;
    const bytes = Buffer.byteLength(path);
    if (bytes > 107) throw new BusError("transport/path-too-long", { details: { path, bytes } });
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) =>
        reject(new BusError("transport/address-in-use", { details: { address: path, holder: "" }, cause: error })),
      );
      this.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    this.#server.unref();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.#options.path, { force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const running = new Map<number, AbortController>();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      for (const controller of running.values()) controller.abort();
    });
    const refuse = (id: number, reason: string) =>
      send(socket, { id, error: plainError(new BusError("runtime/bad-request", { details: { reason } })) });
    const line = (text: string): void => {
      let request: ReturnType<typeof parseRequest>;
      try {
        request = parseRequest(text);
      } catch (error) {
        void refuse(0, (error as Error).message);
        return;
      }
      if ("cancel" in request) running.get(request.id)?.abort();
      else if (running.size >= REQUESTS_MAX)
        void refuse(request.id, `${REQUESTS_MAX} requests are open on this connection`);
      else if (running.has(request.id)) void refuse(request.id, `request ${request.id} is still open`);
      else void this.#run(socket, request, running);
    };
    readLines(socket, this.#options.lineBytesMax ?? CONTROL_LINE_BYTES_MAX, line, () => {
      void refuse(0, "the line is too long");
      socket.destroySoon();
    });
  }

  async #run(
    socket: Socket,
    { id, command, args }: ControlRequest,
    running: Map<number, AbortController>,
  ): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const handler = Object.hasOwn(this.#options.commands, command) ? this.#options.commands[command] : undefined;
      if (handler === undefined)
        throw new BusError("runtime/bad-request", {
          details: {
            reason: `there is no command '${command}'; there are ${Object.keys(this.#options.commands).join(", ")}`,
          },
        });
      const result = await handler(args, {
        signal: controller.signal,
        item: (value) => send(socket, { id, item: value }),
      });
      await send(socket, { id, result: result ?? null });
    } catch (error) {
      await send(socket, { id, error: plainError(error) });
    } finally {
      running.delete(id);
    }
  }
}

/** Resolves when the socket takes more, so that a client that does not read stops what it asked for. */
function send(socket: Socket, reply: ControlReply): Promise<void> {
  if (!socket.writable) return Promise.resolve();
  if (socket.write(`${toJson(reply)}\n`)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
