/** zeromq.js as its guide shows it: a PAIR socket, one message per frame, each send awaited (it allows one at a time). */
import { join } from "node:path";
import { Pair } from "zeromq";
import { codecOf } from "./codec.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { ASK } from "./workloads.ts";

/** Above the default of 1,000, which is slower here. */
const HIGH_WATER = 2000;
/**
 * A `receive` that waits beside a `send` of the same socket can take the event that the send waits for (zeromq.js 6.8): the peer would then stand
 * still for good in the middle of a burst. After a time-out zeromq.js looks again. ms
 */
const LOOK_AGAIN_MS = 200;
const LIMITS = {
  sendHighWaterMark: HIGH_WATER,
  receiveHighWaterMark: HIGH_WATER,
  linger: 0,
  sendTimeout: LOOK_AGAIN_MS,
  receiveTimeout: LOOK_AGAIN_MS,
};

/** Plain promise callbacks: faster than the async iterator. */
const read = (socket: Pair, handle: (bytes: Buffer) => void): void => {
  const next = (): void => {
    socket.receive().then(got, again);
  };
  // A receive may end with EAGAIN, EINTR or the like, as ours does (bus/transport/socket/read-loop.ts); the peer must not stand still for it.
  const again = (): void => {
    if (!socket.closed) setImmediate(next);
  };
  const got = ([bytes]: Buffer[]): void => {
    handle(bytes);
    next();
  };
  next();
};

export const zeromq: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const socket = new Pair(LIMITS);
    const address = options.transport === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${join(options.folder, "zmq.sock")}`;
    await socket.bind(address);
    const handle = codecOf(options.workload, options.variant === "bare").reader((bytes) => void socket.send(bytes));
    read(socket, (bytes) => handle(bytes, 0, bytes.length));
    return socket.lastEndpoint ?? address;
  },

  async drive(options: SideOptions, address: string): Promise<Driver> {
    const codec = codecOf(options.workload, options.variant === "bare");
    const socket = new Pair(LIMITS);
    socket.connect(address);
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count; i++) {
          try {
            await socket.send(codec.pack(i === count - 1 ? ASK : i));
          } catch (error) {
            if ((error as { code?: string }).code !== "EAGAIN") throw error;
            i--;
          }
        }
      },
      ping: () => void socket.send(codec.pack(ASK)),
    };
    read(socket, (bytes) => driver.answered(codec.counted(bytes, 0, bytes.length)));
    return driver;
  },
};
