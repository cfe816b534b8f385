import { type FileHandle, open, unlink } from "node:fs/promises";
import { BusError } from "#bus";

/** Where a file is written to, front to back. */
export interface Sink {
  readonly name: string;
  write(bytes: Uint8Array): Promise<void>;
  /** @param keep false: what was written is worth nothing and is removed */
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
  return {
    name: path,
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
    },
    async close(keep) {
      if (!open_) return;
      open_ = false;
      if (keep) await handle.sync();
      await handle.close();
      if (!keep) await unlink(path);
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
