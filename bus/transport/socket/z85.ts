/** Text form of CURVE keys: 32 bytes as 40 characters. Source: ZeroMQ RFC 32. */
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]));

/** @param bytes a multiple of 4 of them */
export const encodeZ85 = (bytes: Uint8Array): string => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let at = 0; at + 4 <= view.length; at += 4) {
    let value = view.readUInt32BE(at);
    let group = "";
    for (let i = 0; i < 5; i++) {
      group = ALPHABET[value % 85] + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
};

/** @returns undefined when the text is not Z85 of whole groups */
export const decodeZ85 = (text: string): Buffer | undefined => {
  if (text.length % 5 !== 0) return undefined;
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const digit = VALUES.get(text[at + i]);
      if (digit === undefined) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return undefined;
    bytes.writeUInt32BE(value, (at / 5) * 4);
  }
  return bytes;
};
