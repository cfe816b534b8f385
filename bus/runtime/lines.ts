/** Cuts a byte stream into lines of text. A line beyond `bytesMax` is cut, or ends the stream where `overflow` says so. */
export class LineSplitter {
  readonly #bytesMax: number;
  readonly #line: (text: string) => void;
  readonly #overflow: (() => void) | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dead = false;

  constructor(bytesMax: number, line: (text: string) => void, overflow?: () => void) {
    this.#bytesMax = bytesMax;
    this.#line = line;
    this.#overflow = overflow;
  }

  push(chunk: Buffer): void {
    let start = 0;
    while (!this.#dead) {
      const end = chunk.indexOf(10, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      if (this.#bytes + part.length > this.#bytesMax) {
        if (this.#overflow !== undefined) {
          this.#dead = true;
          this.#parts = [];
          this.#overflow();
          return;
        }
        this.#parts.push(part.subarray(0, this.#bytesMax - this.#bytes));
        this.#bytes = this.#bytesMax;
      } else if (part.length > 0) {
        this.#parts.push(part);
        this.#bytes += part.length;
      }
      if (end < 0) return;
      this.#emit();
      start = end + 1;
    }
  }

  /** The rest without a line end, if any. */
  end(): void {
    if (this.#bytes > 0 && !this.#dead) this.#emit();
  }

  #emit(): void {
    const whole = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    const text = whole.toString("utf8");
    this.#line(text.endsWith("\r") ? text.slice(0, -1) : text);
  }
}
