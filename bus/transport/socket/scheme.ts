import type { Context, Dealer, Router, SocketOptions as ZmqOptions } from "zeromq";
import type { Address, ListenOptions, Prover, TransportFeatures, TransportName } from "#transport";

/** An inbox that may be bound: checks done, locks taken. */
export interface Binding {
  readonly options: ZmqOptions<Router>;
  readonly label: string;
  /** How often to try, since a port stays taken for a moment after its socket was closed. */
  readonly bindAttempts: number;
  /** Binds; synchronous, because the file mode of a Unix socket depends on the umask of the whole process. */
  bind(socket: Router): void;
  /** After `bind`: the address with what was really bound, published where dialers look. */
  bound(socket: Router): Address;
  /** After the socket was closed, and also when `bind` failed. */
  release(): void;
}

export interface Target {
  readonly endpoint: string;
  readonly label: string;
  readonly options: ZmqOptions<Dealer>;
}

/** What tells unix from tcp. Everything else is shared. */
export interface Scheme {
  readonly name: TransportName;
  readonly features: TransportFeatures;
  readonly prover?: Prover;
  readonly context?: Context;
  /** @throws BusError as `listen` of a Transport */
  prepare(options: ListenOptions): Promise<Binding>;
  /** @param remainingMs how long a port may be waited for */
  target(address: Address, signal: AbortSignal, remainingMs: number): Promise<Target>;
  close(): Promise<void>;
}
