import { type FileHandle, open, unlink } from "node:fs/promises";
import { BusError } from "#bus";

/** What is written at once; records are mostly small. */
const PIECE_BYTES = 1024 * 1024;

/** Where a file is written to, front to back. */
export interface Sink {
  readonly name: string;
  /** Bytes are taken or copied when it resolves. Where they cannot be written, this call, a later one or `close` rejects. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * All has been written when it resolves; when it rejects, nothing is left.
   * @param keep false: what was written is worth nothing and is removed
   */
  close(keep: boolean): Promise<void>;
}

/** A new file. @throws BusError blackbox/exists: nothing is ever overwritten */
export async function fileSink(path: string): Promise<Sink> {
  let handle: FileHandle;
  try {
    handle = await open(path, "wx");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new BusError("blackbox/exists", { details: { path }, cause });
    const problem = `it cannot be written: ${(cause as Error).message}`;
    throw new BusError("blackbox/no-recording", { details: { path, problem }, cause });
  }
  let open_ = true;
  // One is filled while the other is written.
  const pieces = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as [Uint8Array, Uint8Array];
  let filled = 0;
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const fault = await writing;
    if (fault !== undefined) throw fault;
    const [piece] = pieces;
    const end = filled;
    pieces.reverse();
    filled = 0;
    writing = (async () => {
      for (let done = 0; done < end; ) done += (await handle.write(piece, done, end - done)).bytesWritten;
    })().catch((error: unknown) => error);
  };
  return {
    name: path,
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const part = bytes.subarray(done, done + PIECE_BYTES - filled);
        pieces[0].set(part, filled);
        filled += part.length;
        done += part.length;
        if (filled === PIECE_BYTES) await flush();
      }
    },
    async close(keep) {
      if (!open_) return;
      open_ = false;
      let whole = false;
      try {
        if (keep) {
          await flush();
          const fault = await writing;
          if (fault !== undefined) throw fault;
          await handle.sync();
          whole = true;
        }
      } finally {
        await writing;
        await handle.close();
        if (!whole) await unlink(path);
      }
    },
  };
}

/** Collects in memory, for tests. */
export class MemorySink implements Sink {
  readonly name = "memory";
  readonly #parts: Uint8Array[] = [];

  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
  async write(bytes: Uint8Array): Promise<void> {
    this.#parts.push(bytes.slice());
  }
  async close(): Promise<void> {}
}
