import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, Router } from "zeromq";
import type { Address, ListenOptions, Prover, Transport, TransportFeatures, TransportLog } from "#transport";
import { BusError } from "#wire";
import { giveContext, takeContext } from "./contexts.ts";
import { FaultLog } from "./fault-log.ts";
import { type NodeKeys, requireCurve } from "./keys.ts";
import { systemClock, type TcpOptions } from "./options.ts";
import { awaitPort, removePort, writePort } from "./port-file.ts";
import { createProver } from "./prover.ts";
import type { Binding, Scheme, Target } from "./scheme.ts";
import { SocketTransport } from "./socket-transport.ts";
import { ZAP_DOMAIN, ZapHandler } from "./zap.ts";

/** Links between computers, and between nodes of one; encrypted and authenticated by CURVE when there are keys. */
export const createTcpTransport = (options: TcpOptions = {}): Transport =>
  new SocketTransport(new TcpScheme(options), options);

const ZAP_ATTEMPTS = 50;
const ZAP_PAUSE_MS = 10;

type TcpAddress = Extract<Address, { transport: "tcp" }>;

class TcpScheme implements Scheme {
  readonly name = "tcp";
  readonly features: TransportFeatures;
  readonly prover?: Prover;
  readonly #keys: NodeKeys | undefined;
  readonly #options: TcpOptions;
  #zap: ZapHandler | undefined;
  #context: Context | undefined;

  constructor(options: TcpOptions) {
    const { keys } = options;
    this.#options = options;
    this.#keys = keys;
    this.features = { byReference: false, crossesProcess: true, strangers: true, encrypted: keys !== undefined };
    if (keys === undefined) return;
    requireCurve();
    this.prover = createProver(keys);
  }

  get context(): Context | undefined {
    if (this.#keys !== undefined) this.#context ??= takeContext();
    return this.#context;
  }

  async prepare({ address, log }: ListenOptions): Promise<Binding> {
    const { host, port, portFile, node } = this.#require(address);
    const ip = await resolve(host);
    await this.#startZap(log);
    let bound = port;
    return {
      label: `tcp://${host}:${port}`,
      bindAttempts: port === 0 ? 1 : 6,
      options: { ipv6: isIP(ip) === 6, ...this.#serverOptions() },
      bind: (router) => bind(router, `tcp://${bracketed(ip)}:${port === 0 ? "*" : port}`),
      bound: (router) => {
        bound = Number(/:(\d+)$/.exec(router.lastEndpoint ?? "")?.[1] ?? port);
        if (portFile !== undefined) writePort(portFile, bound);
        return { transport: "tcp", host, port: bound, node, ...(portFile === undefined ? {} : { portFile }) };
      },
      release: () => {
        if (portFile !== undefined) removePort(portFile, bound);
      },
    };
  }

  async target(address: Address, signal: AbortSignal, remainingMs: number): Promise<Target> {
    const { host, port: fixed, portFile, node } = this.#require(address);
    let port = fixed;
    if (fixed === 0) {
      const written = portFile === undefined ? undefined : await awaitPort(portFile, signal, remainingMs);
      if (written === undefined) {
        const reason = `node ${node} has not written its port to ${portFile ?? "a port file"}; is it running?`;
        throw new BusError("transport/unreachable", { details: { address: `tcp://${host}:0`, reason } });
      }
      port = written;
    }
    const ip = host === "localhost" ? "127.0.0.1" : host;
    return {
      endpoint: `tcp://${bracketed(ip)}:${port}`,
      label: `tcp://${bracketed(host)}:${port}`,
      options: { ipv6: isIP(ip) !== 4, ...this.#clientOptions(node) },
    };
  }

  async close(): Promise<void> {
    this.#zap?.close();
    if (this.#context !== undefined) giveContext(this.#context);
    this.#context = undefined;
  }

  #require(address: Address): TcpAddress {
    if (address.transport !== "tcp") {
      throw new BusError("core/internal", { details: { reason: `a ${address.transport} address for tcp` } });
    }
    const { host, node } = address;
    if (this.#keys === undefined && !isLoopback(host)) {
      throw new BusError("transport/no-keys", { details: { node, host } });
    }
    return address;
  }

  async #startZap(log: TransportLog): Promise<void> {
    const { context } = this;
    if (context === undefined || this.#zap !== undefined || this.#keys === undefined) return;
    const allowed = new Map([...this.#keys.peers].map(([node, key]) => [key, node]));
    const faults = new FaultLog(log, this.#options.clock ?? systemClock);
    const denied = (key: string, address: string): void =>
      faults.count("UNKNOWN_KEY", { address, key }, "refused a client whose key is not on the allow-list");
    for (let attempt = 1; this.#zap === undefined; attempt++) {
      try {
        this.#zap = new ZapHandler(context, allowed, denied);
      } catch (error) {
        // The handler of the transport that had this context before is not quite gone.
        if (attempt >= ZAP_ATTEMPTS) throw BusError.from(error);
        await sleep(ZAP_PAUSE_MS);
      }
    }
  }

  #serverOptions(): object {
    const keys = this.#keys;
    if (keys === undefined) return {};
    return { curveServer: true, curveSecretKey: keys.secretKey, zapDomain: ZAP_DOMAIN, zapEnforceDomain: true };
  }

  #clientOptions(node: string): object {
    const keys = this.#keys;
    if (keys === undefined) return {};
    const serverKey = keys.peers.get(node);
    if (serverKey === undefined) {
      const reason = `there is no public key of node ${node} among the loaded ones`;
      throw new BusError("transport/bad-keys", { details: { path: `${node}.pub`, reason } });
    }
    return { curveServerKey: serverKey, curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey };
  }
}

const bind = (router: Router, endpoint: string): void => {
  try {
    router.bindSync(endpoint);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const details = { address: endpoint, holder: "", reason: message };
    throw new BusError(code === "EADDRINUSE" ? "transport/address-in-use" : "transport/unreachable", {
      details,
      cause: error,
    });
  }
};

/** ZeroMQ binds to addresses and interfaces, never to names. */
const resolve = async (host: string): Promise<string> => {
  if (host === "localhost") return "127.0.0.1";
  if (host === "*" || isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    const reason = (error as Error).message;
    throw new BusError("transport/unreachable", { details: { address: `tcp://${host}`, reason }, cause: error });
  }
};

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** Names are not looked up for this: what they mean may change. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
