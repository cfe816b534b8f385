/** Both u32 halves of a fingerprint, whose 16 hex digits are the u64 of the frame header. */
export const fingerprintParts = (fingerprint: string): readonly [lo: number, hi: number] => [
  Number.parseInt(fingerprint.slice(8), 16),
  Number.parseInt(fingerprint.slice(0, 8), 16),
];
