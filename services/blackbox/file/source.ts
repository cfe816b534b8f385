import { type FileHandle, open } from "node:fs/promises";
import { BusError } from "#bus";
import { unreadable } from "./bytes.ts";

/** Where a recording's bytes are. Several reads may be under way at once. */
export interface Source {
  /** For messages. */
  readonly name: string;
  /** Bytes now; a file that is being written grows. */
  size(): Promise<number>;
  /** Exactly so many bytes, in memory of their own. @throws BusError blackbox/unreadable when they are not all there */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** @throws BusError blackbox/no-recording */
export async function fileSource(path: string): Promise<Source> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (cause) {
    const problem = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(cause);
    throw new BusError("blackbox/no-recording", { details: { path, problem }, cause });
  }
  return {
    name: path,
    size: async () => (await handle.stat()).size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let have = 0; have < length; ) {
        const { bytesRead } = await handle.read(bytes, have, length - have, offset + have);
        if (bytesRead === 0) throw unreadable(path, offset + have, `the file ends ${length - have} bytes too soon`);
        have += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Bytes in memory as a file, for tests and for what came over a wire. */
export function memorySource(bytes: Uint8Array, name = "memory"): Source {
  return {
    name,
    size: async () => bytes.length,
    async read(offset, length) {
      if (offset + length > bytes.length)
        throw unreadable(name, bytes.length, `the file ends ${offset + length - bytes.length} bytes too soon`);
      return bytes.slice(offset, offset + length) as Uint8Array<ArrayBuffer>;
    },
    close: async () => {},
  };
}
