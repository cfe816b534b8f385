import type { Carrier, DialOptions, Listener, ListenOptions, Transport } from "#transport";
import { BusError } from "#wire";
import { type Addon, openAddon } from "./addon.ts";
import { meetAsDialer, PeerDesk, ringAddress } from "./rendezvous.ts";
import { setWaitStrategy, type WaitStrategy } from "./waiting.ts";

export interface RingTransportOptions {
  /** How this thread waits for messages. Default "adaptive". */
  readonly wait?: WaitStrategy;
  /** For one handshake, ms. Default 5,000. */
  readonly handshakeMs?: number;
  /** Default: the one of this package. */
  readonly addon?: Addon;
}

const HANDSHAKE_MS = 5000;

/** Why rings between processes cannot be had here; undefined when they can. */
export const ringUnavailable = (open: () => Addon = openAddon): string | undefined => {
  if (process.platform !== "linux") return `rings between processes need Linux, this is ${process.platform}`;
  const probed = probe(open);
  return typeof probed === "string" ? probed : probed.external || probed.shared || undefined;
};

/** The same of rings in private memory, between threads of one process. */
export const threadRingUnavailable = (open: () => Addon = openAddon): string | undefined => {
  const probed = probe(open);
  return typeof probed === "string" ? probed : probed.external || undefined;
};

/** Tries what rings need, once: a shared ring made and opened, a buffer over memory of the addon. */
const probe = (open: () => Addon): { shared: string; external: string } | string => {
  try {
    const addon = open();
    return typeof addon.probeRings === "function" ? addon.probeRings() : "the native addon is older than this package";
  } catch (error) {
    return BusError.from(error).message;
  }
};

/**
 * Rings between processes of one user on one computer, in shared memory, and between threads of one process, in private
 * memory. The addon maps, wakes and looks before it sleeps;
 * frames are written and read here, in place. One thread; sockets and memory end with their carriers.
 * @throws BusError transport/unavailable when the addon is not there
 */
export const createRingTransport = (options: RingTransportOptions = {}): Transport => {
  const addon = options.addon ?? openAddon();
  const handshakeMs = options.handshakeMs ?? HANDSHAKE_MS;
  setWaitStrategy(options.wait ?? "adaptive", addon);
  return {
    name: "ring",
    features: { byReference: false, crossesProcess: true, strangers: true, encrypted: false },

    async listen(listen: ListenOptions): Promise<Listener> {
      const desk = new PeerDesk(addon, listen, handshakeMs);
      desk.open(ringAddress(listen.address));
      return { address: listen.address, close: async () => desk.close() };
    },

    dial(dial: DialOptions): Promise<Carrier> {
      return meetAsDialer(addon, dial, handshakeMs);
    },

    close: () => Promise.resolve(),
  };
};
