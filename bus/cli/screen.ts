/** A terminal that is drawn anew again and again, on its alternate screen. What was there before comes back at the end. */
import type { ReadStream, WriteStream } from "node:tty";

const ESC = "\u001b[";
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;

export class Screen implements Disposable {
  readonly #out: WriteStream;
  readonly #in: ReadStream;
  readonly #ended = new AbortController();
  readonly #leave = (): void => this[Symbol.dispose]();
  #isOpen = true;

  /** @param signal ends it, as q and Ctrl-C do */
  constructor(out: WriteStream, input: ReadStream, signal: AbortSignal) {
    this.#out = out;
    this.#in = input;
    if (signal.aborted) this.#ended.abort();
    signal.addEventListener("abort", () => this.#ended.abort());
    // Also when the program ends in some other way: a terminal without cursor and echo is a nuisance.
    process.on("exit", this.#leave);
    input.setRawMode(true);
    input.resume();
    input.on("data", this.#key);
    out.write(ENTER);
  }

  get columns(): number {
    // A terminal that does not know its size says 0.
    return this.#out.columns || 80;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** As many lines as there is room for; none is longer than a row. */
  show(lines: readonly string[]): void {
    const rows = this.#out.rows || 24;
    const shown = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more`];
    const text = shown.map((line) => `${line.slice(0, this.columns)}${ESC}K`).join("\r\n");
    this.#out.write(`${ESC}H${text}${ESC}J`);
  }

  readonly #key = (bytes: Buffer): void => {
    // In raw mode Ctrl-C is a byte like any other.
    if (bytes.includes(0x03) || bytes.includes(0x71) || bytes.includes(0x51)) this.#ended.abort();
  };

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#leave);
    this.#in.off("data", this.#key);
    this.#in.setRawMode(false);
    this.#in.pause();
    this.#out.write(LEAVE);
  }
}
