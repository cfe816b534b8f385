/** node:net with a length before each message: a write per message, or (variant "coalesced") blocks of 128 KiB in which messages above 16 KiB are not copied; "bare" without a codec. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { codecOf } from "./codec.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { frameReader } from "./net-frames.ts";
import { ASK } from "./workloads.ts";

const BLOCK_BYTES = 128 * 1024;
const LENGTH_BYTES = 4;
/** Below this a copy is cheaper than a second buffer to write. */
const COPY_BYTES = 16 * 1024;

/** @returns false when the socket is full */
type Send = (bytes: Buffer) => boolean;

const sendEach =
  (socket: Socket): Send =>
  (bytes) => {
    if (bytes.length <= COPY_BYTES) {
      const frame = Buffer.allocUnsafe(LENGTH_BYTES + bytes.length);
      frame.writeUInt32LE(bytes.length);
      frame.set(bytes, LENGTH_BYTES);
      return socket.write(frame);
    }
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32LE(bytes.length);
    // Both buffers in one system call.
    socket.cork();
    socket.write(length);
    const free = socket.write(bytes);
    socket.uncork();
    return free;
  };

const sendCoalesced = (socket: Socket): Send => {
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let used = 0;
  let scheduled = false;
  const sendAlone = sendEach(socket);
  const flush = (): boolean => {
    if (used === 0) return !socket.writableNeedDrain;
    const free = socket.write(block.subarray(0, used));
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    used = 0;
    return free;
  };
  const flushLater = (): void => {
    scheduled = false;
    flush();
  };
  return (bytes) => {
    if (bytes.length > COPY_BYTES) {
      flush();
      return sendAlone(bytes);
    }
    let free = true;
    if (used + LENGTH_BYTES + bytes.length > BLOCK_BYTES) free = flush();
    block.writeUInt32LE(bytes.length, used);
    block.set(bytes, used + LENGTH_BYTES);
    used += LENGTH_BYTES + bytes.length;
    if (!scheduled) {
      scheduled = true;
      process.nextTick(flushLater);
    }
    return free;
  };
};

const senderOf = (socket: Socket, { variant }: SideOptions): Send =>
  variant.startsWith("coalesced") ? sendCoalesced(socket) : sendEach(socket);

const isBare = ({ variant }: SideOptions): boolean => variant.endsWith("bare");

export const net: Contestant = {
  serve(options: SideOptions): Promise<string> {
    const codec = codecOf(options.workload, isBare(options));
    const server = createServer({ noDelay: true }, (socket) => {
      const send = senderOf(socket, options);
      socket.on("data", frameReader(codec.reader(send)));
      socket.on("error", () => socket.destroy());
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      if (options.transport === "tcp")
        server.listen(0, "127.0.0.1", () => resolve(String((server.address() as AddressInfo).port)));
      else {
        const path = join(options.folder, "net.sock");
        server.listen(path, () => resolve(path));
      }
    });
  },

  async drive(options: SideOptions, address: string): Promise<Driver> {
    const codec = codecOf(options.workload, isBare(options));
    const socket = connect(
      options.transport === "tcp" ? { host: "127.0.0.1", port: Number(address), noDelay: true } : { path: address },
    );
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", resolve);
    });
    const send = senderOf(socket, options);
    const drained = (): Promise<void> => new Promise((resolve) => socket.once("drain", resolve));
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count; i++) {
          if (!send(codec.pack(i === count - 1 ? ASK : i)) && socket.writableNeedDrain) await drained();
        }
      },
      ping: () => void send(codec.pack(ASK)),
    };
    socket.on(
      "data",
      frameReader((bytes, start, end) => driver.answered(codec.counted(bytes, start, end))),
    );
    return driver;
  },
};
