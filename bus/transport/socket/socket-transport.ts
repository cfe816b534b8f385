import type {
  Carrier,
  DialOptions,
  Listener,
  ListenOptions,
  Prover,
  Transport,
  TransportFeatures,
  TransportName,
} from "#transport";
import { BusError } from "#wire";
import { dial } from "./dialer.ts";
import { Household } from "./household.ts";
import { Inbox } from "./inbox.ts";
import type { SocketOptions } from "./options.ts";
import type { Scheme } from "./scheme.ts";

/** A transport over ZeroMQ sockets: one ROUTER per `listen`, one DEALER per `dial`. */
export class SocketTransport implements Transport {
  readonly name: TransportName;
  readonly features: TransportFeatures;
  readonly prover?: Prover;
  readonly #scheme: Scheme;
  readonly #household: Household;
  readonly #inboxes = new Set<Inbox>();
  #closing: Promise<void> | undefined;

  constructor(scheme: Scheme, options: SocketOptions) {
    this.name = scheme.name;
    this.features = scheme.features;
    if (scheme.prover !== undefined) this.prover = scheme.prover;
    this.#scheme = scheme;
    this.#household = new Household(scheme, options);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    this.#requireOpen();
    const inbox = await Inbox.open(this.#scheme, this.#household, options);
    this.#inboxes.add(inbox);
    return inbox;
  }

  async dial(options: DialOptions): Promise<Carrier> {
    this.#requireOpen();
    return dial(this.#scheme, this.#household, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#household.close();
    await Promise.all([...this.#inboxes].map((inbox) => inbox.close()));
    await this.#scheme.close();
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) {
      throw new BusError("core/closed", { details: { what: `transport ${this.name}` } });
    }
  }
}
