import { ERRORS, type ErrorCode } from "#generated/errors";

export type { ErrorCode } from "#generated/errors";

export interface BusErrorOptions {
  /** What the sentence names; plain JSON values. */
  details?: Record<string, unknown>;
  cause?: unknown;
  /** Replaces the sentence of the list; for text that came from a peer. */
  message?: string;
}

/**
 * The one error of Busbar. `code` is one of the closed list in schema/bus/errors.toml, `details` the values its sentence
 * names. Requests that failed in another process arrive as the same code.
 */
export class BusError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, options: BusErrorOptions = {}) {
    super(options.message ?? sentence(code, options.details ?? {}), { cause: options.cause });
    this.name = "BusError";
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Number of the code on the wire. */
  get number(): number {
    return ERRORS[this.code].number;
  }

  /** Makes a BusError of anything thrown; a BusError passes through. */
  static from(error: unknown, code: ErrorCode = "core/internal"): BusError {
    if (error instanceof BusError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new BusError(code, { details: { reason }, cause: error });
  }

  /**
   * An error that came as a number and a sentence, as refused items of a batch have it.
   * @param text without the code, which is put before it as in every other error
   * @param details what it is about
   */
  static ofNumber(number: number, text: string | null, details: Record<string, unknown> = {}): BusError {
    const code = errorCodeOf(number);
    const given = text === null || text === "" ? `error ${number}` : text;
    const message = given.startsWith(`${code}:`) ? given : `${code}: ${given}`;
    return new BusError(code, { message, details: { ...details, number } });
  }

  toJSON(): { code: ErrorCode; message: string; details: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

const sentence = (code: ErrorCode, details: Record<string, unknown>): string =>
  `${code}: ${ERRORS[code].text.replace(/\{(\w+)\}/g, (_, name: string) => show(details[name]))}`;

const show = (value: unknown): string =>
  value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);

const byNumber = new Map<number, ErrorCode>(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].number, code]),
);

/** Code with this number on the wire; `core/app` for numbers this version does not know. */
export const errorCodeOf = (number: number): ErrorCode => byNumber.get(number) ?? "core/app";
