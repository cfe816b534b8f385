import { type Context, Router } from "zeromq";
import { encodeZ85 } from "./z85.ts";

const ENDPOINT = "inproc://zeromq.zap.01";
/** Sockets of this domain are refused every client while no handler answers. */
export const ZAP_DOMAIN = "busbar";

/**
 * Answers ZeroMQ's question whether a client's key is allowed. Without it libzmq accepts every key.
 * Source: ZeroMQ RFC 27 (ZAP). One per context, bound before any inbox.
 */
export class ZapHandler {
  readonly #router: Router;
  readonly #allowed: ReadonlyMap<string, string>;
  readonly #denied: (key: string, address: string) => void;

  /** @param allowed node by public key, Z85 */
  constructor(context: Context, allowed: ReadonlyMap<string, string>, denied: (key: string, address: string) => void) {
    this.#allowed = allowed;
    this.#denied = denied;
    this.#router = new Router({ context, linger: 0 });
    try {
      this.#router.bindSync(ENDPOINT);
    } catch (error) {
      this.#router.close();
      throw error;
    }
    this.#next();
  }

  close(): void {
    this.#router.close();
  }

  readonly #next = (): void => {
    if (!this.#router.closed) this.#router.receive().then(this.#answer, this.#next);
  };

  readonly #answer = (parts: Buffer[]): void => {
    const [id, empty, version, request, domain, address, , mechanism, credential] = parts;
    const isAsk = parts.length === 9 && version.toString() === "1.0" && domain.toString() === ZAP_DOMAIN;
    const key = isAsk && mechanism.toString() === "CURVE" && credential.length === 32 ? encodeZ85(credential) : "";
    const node = this.#allowed.get(key);
    if (node === undefined) this.#denied(key, address?.toString() ?? "");
    const verdict = node === undefined ? ["400", "not on the allow-list", ""] : ["200", "OK", node];
    // Answered before the next question is read: a second send while one waits would throw.
    this.#router.send([id, empty, version, request, ...verdict, ""]).then(this.#next, this.#next);
  };
}
