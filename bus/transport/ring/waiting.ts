import { type Addon, openAddon } from "./addon.ts";
import { native } from "./native-error.ts";

/**
 * How a thread waits for messages. `adaptive` looks for up to 100 µs before it sleeps, and stops looking while messages are rare; `spin` always
 * looks so long; `sleep` never looks. With sockets the look is twice as long, as their messages take longer.
 */
export type WaitStrategy = "adaptive" | "spin" | "sleep";

export const WAITING: Readonly<Record<WaitStrategy, { readonly spinUs: number; readonly adaptive: boolean }>> = {
  adaptive: { spinUs: 100, adaptive: true },
  spin: { spinUs: 100, adaptive: false },
  sleep: { spinUs: 0, adaptive: false },
};

/** Of this thread, for all links that it has. @throws BusError transport/unavailable when the addon is not there */
export const setWaitStrategy = (strategy: WaitStrategy, addon: Addon = openAddon()): void => {
  const { spinUs, adaptive } = WAITING[strategy];
  native(() => addon.setWaiting(spinUs, adaptive));
};

/** Transports of this thread that want its sockets looked at, and the bytes that they have moved. */
let looking = 0;
const moved = new Uint32Array(1);

/**
 * Before this thread sleeps, it looks at its sockets as it does at its rings.
 * @returns `moved`, to which who sends and receives adds the bytes: after a great many it does not look, because then libzmq's own thread needs the
 * processor more; and `end`, to be called once
 */
export const lookAtSockets = (addon: Addon = openAddon()): { readonly moved: Uint32Array; end(): void } => {
  if (looking++ === 0) native(() => addon.watchLoop(moved));
  return {
    moved,
    end() {
      if (--looking === 0) native(() => addon.watchLoop(undefined));
    },
  };
};
