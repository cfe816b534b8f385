import fc from "fast-check";
import { expect, test } from "vitest";
import { Role } from "#generated/busbar/control";
import { BusError, frameKind, Kind, Memory } from "#wire";
import {
  decodeAnswer,
  decodeHello,
  encodeHello,
  encodeRefuse,
  encodeWelcome,
  proofMaterial,
  speaksOurVersion,
} from "./handshake.ts";

const hello = encodeHello(
  {
    versions: Uint8Array.of(1),
    service: "a",
    target: "b",
    planHash: "0".repeat(64),
    epoch: 7,
    language: "typescript",
    libraryVersion: "0.0.0",
    nonce: new Uint8Array(16).fill(5),
    types: [{ name: "t.T", typeId: 1, role: Role.publishes, fingerprint: "0123456789abcdef", lineage: ["a", "b"] }],
    proof: null,
    windowBytes: 1024,
    frameBytesMax: 2048,
  },
  1,
);
const welcome = encodeWelcome(
  { version: 1, service: "b", epoch: 3, types: [{ typeId: 1, accepted: false, reason: "no" }], windowBytes: 9 },
  2,
);

test("HELLO, WELCOME and REFUSE come back as they were sent", () => {
  expect(decodeHello(hello, "x")).toMatchObject({ service: "a", target: "b", epoch: 7, windowBytes: 1024 });
  expect(speaksOurVersion(decodeHello(hello, "x"))).toBe(true);
  expect(decodeAnswer(welcome, "x")).toMatchObject({ service: "b", epoch: 3, types: [{ reason: "no" }] });
  const refuse = encodeRefuse(new BusError("wire/stale-epoch", { details: { service: "a", theirs: 1, ours: 2 } }));
  expect(() => decodeAnswer(refuse, "x")).toThrow(/epoch 1.*epoch 2/);
});

test("a refusal fits its frame even when it quotes a peer that sent its whole HELLO as a name", () => {
  const error = new BusError("core/unknown-service", { details: { service: "ü".repeat(60_000), suggestion: "" } });
  const frame = encodeRefuse(error);
  expect(frameKind(Memory.copyOf(frame), 0)).toBe(Kind.refuse);
  expect(frame.length).toBeLessThan(4096);
});

test("hostile bytes are refused with wire/bad-handshake or read within their bounds, never worse", () => {
  const damage = fc.record({
    base: fc.constantFrom(hello, welcome, encodeRefuse(new BusError("core/closed"))),
    cut: fc.nat(),
    flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
    tail: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(damage, ({ base, cut, flips, tail }) => {
      const length = cut % 3 === 0 ? base.length : cut % (base.length + 1);
      const bytes = Uint8Array.from([...base.slice(0, length), ...tail]);
      for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value;
      for (const decode of [decodeHello, decodeAnswer]) {
        try {
          decode(bytes, "fuzz");
        } catch (error) {
          expect(error).toBeInstanceOf(BusError);
          expect(["wire/bad-handshake", "wire/refused"]).toContain((error as BusError).code);
        }
      }
    }),
    { numRuns: 4000 },
  );
});

test("bytes from nowhere are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => decodeHello(bytes, "x")).toThrow(BusError);
    }),
    { numRuns: 1000 },
  );
});

test("the proof covers nonce, both names and the epoch", () => {
  const all = [
    proofMaterial(Uint8Array.of(1), "a", "b", 1),
    proofMaterial(Uint8Array.of(2), "a", "b", 1),
    proofMaterial(Uint8Array.of(1), "ab", "", 1),
    proofMaterial(Uint8Array.of(1), "a", "b", 2),
  ].map((bytes) => Buffer.from(bytes).toString("hex"));
  expect(new Set(all).size).toBe(4);
});
