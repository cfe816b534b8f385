import vm from "node:vm";
import * as zlib from "node:zlib";
import { decompress } from "fzstd";

type Native = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

/**
 * A block of twenty bytes may ask fzstd for hours of work, since it does not hold what sequences add up to against the size
 * of a block. A chunk takes milliseconds; this is what no honest one comes near.
 */
const TIME_MAX_MS = 5000;

const job: { run: () => Uint8Array } = { run: () => new Uint8Array(0) };
const context = vm.createContext({ job });
const script = new vm.Script("job.run()");

/** By fzstd, which runs everywhere; exported for its test. @throws Error */
export function plainZstd(bytes: Uint8Array, size: number): Uint8Array {
  // The given buffer is all that fzstd fills: no size in the data makes it allocate. One byte more shows data that is too long.
  const out = new Uint8Array(size + 1);
  job.run = () => decompress(bytes, out);
  const filled = script.runInContext(context, { timeout: TIME_MAX_MS }) as Uint8Array;
  if (filled !== out) throw new Error("it holds more than one frame");
  return out.subarray(0, size);
}

const native = (zlib as { zstdDecompressSync?: Native }).zstdDecompressSync;

/**
 * One zstd frame that must give `size` bytes, which the caller has bounded. What comes out is checked by the CRC of its chunk.
 * @throws Error in words of the library that ran
 */
export const unzstd = (bytes: Uint8Array, size: number): Uint8Array => {
  if (native === undefined) return plainZstd(bytes, size);
  const out = native(bytes, { maxOutputLength: Math.max(1, size) });
  if (out.length !== size) throw new Error(`it holds ${out.length} bytes instead of ${size}`);
  return out;
};
