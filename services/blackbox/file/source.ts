import { BusError } from "#bus";
import { unreadable } from "./bytes.ts";
import { OpenFile, OpenFiles } from "./open-files.ts";

/** Where a recording's bytes are. Several reads may be under way at once. */
export interface Source {
  /** For messages. */
  readonly name: string;
  /** Bytes now; a file that is being written grows. */
  size(): Promise<number>;
  /**
   * Exactly so many bytes, in memory of their own or in the beginning of `into`, which has the room.
   * @throws BusError blackbox/unreadable when they are not all there
   */
  read(offset: number, length: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Of all recordings that this process reads. */
const OPEN_FILES: OpenFiles = new OpenFiles();

/**
 * A file, which is open only while it is read or as long as no others need the descriptor.
 * @throws BusError blackbox/no-recording, also for a folder: it can be opened, but not read
 */
export async function fileSource(path: string, files: OpenFiles = OPEN_FILES): Promise<Source> {
  const file = new OpenFile(files, path);
  let isFolder: boolean;
  try {
    isFolder = await file.use(async (handle) => (await handle.stat()).isDirectory());
  } catch (cause) {
    const problem = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : String(cause);
    throw new BusError("blackbox/no-recording", { details: { path, problem }, cause });
  }
  if (isFolder) {
    await file.close();
    const problem = "it is a folder; name one of its files";
    throw new BusError("blackbox/no-recording", { details: { path, problem } });
  }
  return {
    name: path,
    size: () => file.use(async (handle) => (await handle.stat()).size),
    async read(offset, length, into) {
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      await file.use(async (handle) => {
        for (let have = 0; have < length; ) {
          const { bytesRead } = await handle.read(bytes, have, length - have, offset + have);
          if (bytesRead === 0) throw unreadable(path, offset + have, `the file ends ${length - have} bytes too soon`);
          have += bytesRead;
        }
      });
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Bytes in memory as a file, for tests and for what came over a wire. */
export function memorySource(bytes: Uint8Array, name = "memory"): Source {
  return {
    name,
    size: async () => bytes.length,
    async read(offset, length, into) {
      if (offset + length > bytes.length)
        throw unreadable(name, bytes.length, `the file ends ${offset + length - bytes.length} bytes too soon`);
      const part = bytes.subarray(offset, offset + length);
      if (into === undefined) return part.slice() as Uint8Array<ArrayBuffer>;
      into.set(part);
      return into.subarray(0, length);
    },
    close: async () => {},
  };
}
