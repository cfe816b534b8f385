import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ListenAddress } from "#topology";
import { BusError } from "#wire";
import { CONTENT_TYPE, type Moment, metricsText } from "./metrics.ts";

const CONNECTIONS_MAX = 16;
const HEADERS_MS = 5000;

/** GET /metrics over HTTP. Reads the bus when it is asked; who asks at the same time gets the same moment. */
export class MetricsServer {
  readonly #server: Server;
  readonly #look: () => Promise<Moment>;
  #looking: Promise<string> | undefined;

  private constructor(look: () => Promise<Moment>) {
    this.#look = look;
    this.#server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS }, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws BusError transport/address-in-use, transport/unavailable */
  static async open({ host, port }: ListenAddress, look: () => Promise<Moment>): Promise<MetricsServer> {
    const metrics = new MetricsServer(look);
    const server = metrics.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const address = `${host}:${port}`;
        if (error.code === "EADDRINUSE")
          reject(new BusError("transport/address-in-use", { details: { address, holder: "" }, cause: error }));
        else
          reject(
            new BusError("transport/unavailable", {
              details: { transport: "http for metrics", reason: `${address}: ${error.message}` },
              cause: error,
            }),
          );
      });
      server.listen(port, host, resolve);
    });
    server.unref();
    return metrics;
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/metrics`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const plain = { "content-type": "text/plain; charset=utf-8" };
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...plain, allow: "GET, HEAD" }).end("GET /metrics\n");
      return;
    }
    if ((request.url ?? "").split("?")[0] !== "/metrics") {
      response.writeHead(404, plain).end("GET /metrics\n");
      return;
    }
    try {
      const text = await this.#text();
      response.writeHead(200, { "content-type": CONTENT_TYPE, "content-length": Buffer.byteLength(text) });
      response.end(request.method === "HEAD" ? undefined : text);
    } catch (error) {
      response.writeHead(503, plain).end(`${BusError.from(error).message}\n`);
    }
  }

  #text(): Promise<string> {
    this.#looking ??= this.#look()
      .then(metricsText)
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }
}
