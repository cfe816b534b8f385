import { formatRecord, type LogFormat, levelName, readLogRecord } from "./log.ts";

/** A stream to the user: the two members of tty.WriteStream that matter here. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly terminal: Terminal;
  readonly format: LogFormat;
  /** Names that will appear in front of lines; the longest gives the width. */
  readonly names: readonly string[];
  /** Default: when the terminal is one and NO_COLOR is not set. */
  readonly colour?: boolean;
  /** Monotonic, ms. */
  readonly now: () => number;
}

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const WIDTH_MAX = 24;
const PROGRESS_EVERY_MS = 2000;
const PROGRESS_REDRAW_MS = 80;

/**
 * What `up` shows: lines of all services with their name in front, and progress, as one line that is drawn again on a
 * terminal, as an occasional line elsewhere.
 */
export class Output {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #colour: boolean;
  readonly #live: boolean;
  readonly #width: number;
  readonly #now: () => number;
  readonly #colours = new Map<string, number>();
  readonly #progress = new Map<string, { share: number; text: string }>();
  #drawn = false;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(options: OutputOptions) {
    this.#terminal = options.terminal;
    this.#json = options.format === "json";
    this.#live = options.terminal.isTTY === true && !this.#json;
    this.#colour = options.colour ?? (this.#live && !process.env.NO_COLOR);
    this.#width = Math.min(WIDTH_MAX, Math.max(0, ...options.names.map((name) => name.length)));
    this.#now = options.now;
    for (const name of options.names) this.#colourOf(name);
  }

  /** One line that a child wrote. Lines of its log are shown as such, with the service that wrote them. */
  childLine(process: string, stream: "stdout" | "stderr", line: string): void {
    const record = readLogRecord(line);
    if (record === undefined) {
      if (this.#json) this.#object({ time: new Date().toISOString(), service: process, stream, msg: line });
      else this.#line(process, line);
      return;
    }
    const service = typeof record.service === "string" ? record.service : process;
    if (this.#json) {
      this.#object({ ...record, level: levelName(record.level), service });
      return;
    }
    this.#line(service, this.#tint(formatRecord(record), record.level));
  }

  /** A line of `up` itself. */
  say(name: string, text: string, level: "info" | "warn" | "error" = "info", fields: object = {}): void {
    if (this.#json) {
      this.#object({ level, time: new Date().toISOString(), service: name, msg: text, ...fields });
      return;
    }
    this.#line(name, this.#tint(text, level === "error" ? 50 : level === "warn" ? 40 : 30));
  }

  progress(service: string, share: number, text: string): void {
    if (this.#json) {
      this.#object({ time: new Date().toISOString(), service, progress: share, msg: text });
      return;
    }
    this.#progress.set(service, { share, text });
    if (share >= 1) this.#progress.delete(service);
    const now = this.#now();
    const every = this.#live ? PROGRESS_REDRAW_MS : PROGRESS_EVERY_MS;
    if (now - this.#progressAt < every && share < 1) return;
    this.#progressAt = now;
    if (this.#live) this.#draw();
    else this.#line(service, `${percent(share)} ${text}`);
  }

  /** Takes the progress line away. */
  close(): void {
    this.#progress.clear();
    this.#erase();
  }

  #line(name: string, text: string): void {
    this.#erase();
    const label =
      name.length > this.#width ? `${name.slice(0, Math.max(0, this.#width - 1))}…` : name.padEnd(this.#width);
    const prefix = this.#colour ? `\u001b[${this.#colourOf(name)}m${label} |\u001b[0m` : `${label} |`;
    for (const line of text.split("\n")) this.#terminal.write(`${prefix} ${line}\n`);
    this.#draw();
  }

  #object(value: object): void {
    this.#terminal.write(`${JSON.stringify(value)}\n`);
  }

  #draw(): void {
    if (!this.#live || this.#progress.size === 0) return;
    const text = [...this.#progress].map(([name, { share, text }]) => `${name} ${bar(share)} ${text}`).join("  ");
    const columns = this.#terminal.columns ?? 80;
    this.#terminal.write(`\r\u001b[2K${text.slice(0, Math.max(1, columns - 1))}`);
    this.#drawn = true;
  }

  #erase(): void {
    if (!this.#drawn) return;
    this.#terminal.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #tint(text: string, level: number): string {
    if (!this.#colour || level < 40) return text;
    return `\u001b[${level >= 50 ? 31 : 33}m${text}\u001b[0m`;
  }

  #colourOf(name: string): number {
    let colour = this.#colours.get(name);
    if (colour === undefined) {
      colour = COLOURS[this.#colours.size % COLOURS.length];
      this.#colours.set(name, colour);
    }
    return colour;
  }
}

const percent = (share: number): string => `${Math.floor(share * 100)}%`.padStart(4);

const bar = (share: number): string => {
  const full = Math.round(share * 20);
  return `[${"#".repeat(full)}${"-".repeat(20 - full)}]${percent(share)}`;
};
