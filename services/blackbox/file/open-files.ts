import { type FileHandle, open } from "node:fs/promises";
import { unreadable } from "./bytes.ts";

/**
 * Files that are held open at once. A folder may have thousands of recordings, and a process 1,024 descriptors or fewer, most of
 * which others need.
 */
export const OPEN_FILES_MAX = 64;

/**
 * A file that is read now and then: open while it is read, kept open as long as there is room, opened again when it is needed.
 * One that has become another file meanwhile is refused.
 */
export class OpenFile {
  readonly path: string;
  readonly #pool: OpenFiles;
  #handle: Promise<FileHandle> | undefined;
  #identity: string | undefined;
  #users = 0;
  #isClosed = false;

  constructor(pool: OpenFiles, path: string) {
    this.#pool = pool;
    this.path = path;
  }

  /** @throws BusError blackbox/unreadable when the path leads to another file than before; what opening and `work` throw */
  async use<T>(work: (handle: FileHandle) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw unreadable(this.path, 0, "it was closed");
    this.#users++;
    this.#pool.busy(this);
    try {
      this.#handle ??= this.#open();
      return await work(await this.#handle);
    } finally {
      if (--this.#users === 0) {
        if (this.#isClosed) await this.release();
        else this.#pool.idle(this);
      }
    }
  }

  async #open(): Promise<FileHandle> {
    await this.#pool.room();
    try {
      const handle = await open(this.path, "r");
      try {
        await this.#check(handle);
      } catch (error) {
        await handle.close();
        throw error;
      }
      return handle;
    } catch (error) {
      this.#handle = undefined;
      this.#pool.left();
      const { code } = error as NodeJS.ErrnoException;
      if (this.#identity === undefined || code === "blackbox/unreadable") throw error;
      throw unreadable(this.path, 0, `it could be opened before and cannot now: ${(error as Error).message}`);
    }
  }

  async #check(handle: FileHandle): Promise<void> {
    const { dev, ino } = await handle.stat({ bigint: true });
    const identity = `${dev}:${ino}`;
    this.#identity ??= identity;
    if (this.#identity !== identity)
      throw unreadable(this.path, 0, "another file has taken its place since it was opened; open the recording again");
  }

  /** Gives its descriptor back. Of the pool, and of itself at the end. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    try {
      await (await handle).close();
    } finally {
      this.#pool.left();
    }
  }

  /** What is being read is read to its end. Twice does no harm. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pool.busy(this);
    if (this.#users === 0) await this.release();
  }
}

/** Which files are open, and which of them could be closed. */
export class OpenFiles {
  readonly #max: number;
  /** Open or being opened. */
  #count = 0;
  /** Open and not being read, the one that was read longest ago first. */
  readonly #idle = new Set<OpenFile>();
  readonly #waiting: (() => void)[] = [];

  constructor(max: number = OPEN_FILES_MAX) {
    this.#max = max;
  }

  /** How many are open or being opened. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when one more may be opened, which is then counted. */
  async room(): Promise<void> {
    while (this.#count >= this.#max) {
      const [oldest] = this.#idle;
      if (oldest !== undefined) {
        this.#idle.delete(oldest);
        await oldest.release();
      } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#count++;
  }

  left(): void {
    this.#count--;
    this.#waiting.shift()?.();
  }

  busy(file: OpenFile): void {
    this.#idle.delete(file);
  }

  idle(file: OpenFile): void {
    this.#idle.add(file);
    this.#waiting.shift()?.();
  }
}
