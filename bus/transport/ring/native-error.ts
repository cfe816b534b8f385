import { BusError, type ErrorCode, errorCodeOf } from "#wire";

/** What native/addon throws and reports: an Error with the number of its code and what the sentence names. */
export interface NativeError extends Error {
  readonly busbar: number;
  readonly details: Readonly<Record<string, string>>;
}

const isNative = (error: unknown): error is NativeError =>
  error instanceof Error && typeof (error as Partial<NativeError>).busbar === "number";

/** BusError for anything that the addon threw; TypeErrors (wrong arguments) stay what they are. */
export function fromNative(error: unknown, otherwise: ErrorCode = "core/internal"): Error {
  if (error instanceof TypeError || error instanceof RangeError) return error;
  if (!isNative(error)) return BusError.from(error, otherwise);
  return new BusError(errorCodeOf(error.busbar), { details: { ...error.details } });
}

/** Calls the addon. @throws BusError, TypeError */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
