import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SCHEMA } from "#generated/index";
import { decodeJson, makeVerifier, schemaFromBase64 } from "#schema";
import { Memory } from "#wire";
import { dice } from "./dice.ts";
import { MESSAGE_TYPES, type MessageVector } from "./message-cases.ts";

// Method: payloads of the vectors are damaged by a seeded generator. The generated verifier takes a short way for its own
// layout; whatever it accepts, the verifier of the binary schema has to accept too, and both decoders have to survive.
const SEED = 90_210;
const { messages }: { messages: MessageVector[] } = JSON.parse(
  readFileSync(new URL("./vectors/messages.json", import.meta.url), "utf8"),
);
const schema = schemaFromBase64(SCHEMA);
const EVIL = [0, 1, 2, 4, 8, 127, 128, 255];

test("what the generated verifier accepts is accepted by the schema's, and safe to decode", () => {
  const roll = dice(SEED);
  let accepted = 0;
  for (const { type: name, payloads } of messages) {
    const type = MESSAGE_TYPES.get(name);
    if (type === undefined) throw new Error(`no bindings of ${name}`);
    const verify = makeVerifier(schema, name);
    for (const hex of Object.values(payloads)) {
      const bytes = Buffer.from(hex, "hex");
      const m = Memory.allocate(bytes.length + 64);
      for (let i = 0; i < 1_500; i++) {
        m.u8.fill(0xff);
        m.u8.set(bytes, 16);
        for (let n = 1 + roll(3); n > 0; n--) m.u8[16 + roll(bytes.length)] = roll(2) === 0 ? EVIL[roll(8)] : roll(256);
        const end = 16 + (roll(6) === 0 ? roll(bytes.length + 1) : bytes.length);
        const fast = type.verify(m, 16, end);
        const reason = verify(m, 16, end);
        expect(fast, `${name}, seed ${SEED}, case ${i}: ${reason}`).toBe(reason === undefined);
        if (!fast) continue;
        accepted++;
        type.decode(m, 16);
        if (i % 8 === 0) decodeJson(schema, name, m.u8.slice(16, end));
      }
    }
  }
  expect(accepted).toBeGreaterThan(3_000);
});
