import fc from "fast-check";
import { expect, test } from "vitest";
import { frameReader } from "./net-frames.ts";

test("messages come out whole and in order however the stream is cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 });
  const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const stream = Buffer.concat(
        sent.flatMap((message) => {
          const length = Buffer.alloc(4);
          length.writeUInt32LE(message.length);
          return [length, message];
        }),
      );
      const got: string[] = [];
      const read = frameReader((bytes, start, end) => got.push(bytes.toString("hex", start, end)));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length];
        read(stream.subarray(at, at + size));
        at += size;
      }
      expect(got).toEqual(sent.map((message) => Buffer.from(message).toString("hex")));
    }),
  );
});
