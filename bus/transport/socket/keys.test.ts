import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { curveKeyPair } from "zeromq";
import { createProver, generateKeyPair, loadAllowList, loadKeys, writeKeys } from "./index.ts";
import { publicOf } from "./keys.ts";
import { makeFolder } from "./testing.ts";
import { decodeZ85, encodeZ85 } from "./z85.ts";

let folder: ReturnType<typeof makeFolder>;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

test("any bytes of whole groups survive Z85; other text is refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), (bytes) => {
      const whole = bytes.slice(0, bytes.length & ~3);
      expect(decodeZ85(encodeZ85(whole))).toEqual(Buffer.from(whole));
    }),
  );
  expect(encodeZ85(Buffer.from("864fd26fb559f75b", "hex"))).toBe("HelloWorld");
  for (const text of ["abcd", "ab~de", "#####", "     "]) expect(decodeZ85(text)).toBeUndefined();
});

test("the public key that we derive is the one that ZeroMQ made", () => {
  for (let i = 0; i < 5; i++) {
    const pair = curveKeyPair();
    expect(publicOf(pair.secretKey)).toBe(pair.publicKey);
  }
});

test("keys are written once, private ones for their user only, and a node is added without touching the others", () => {
  const written = writeKeys(folder.path, ["a", "b"]);
  expect(written).toHaveLength(4);
  expect(statSync(join(folder.path, "a.key")).mode & 0o777).toBe(0o600);
  const before = readFileSync(join(folder.path, "a.key"), "utf8");
  expect(writeKeys(folder.path, ["a", "b", "c"])).toEqual([join(folder.path, "c.key"), join(folder.path, "c.pub")]);
  expect(readFileSync(join(folder.path, "a.key"), "utf8")).toBe(before);
  const keys = loadKeys(folder.path, "a");
  expect([...keys.peers.keys()].sort()).toEqual(["a", "b", "c"]);
  expect([...loadKeys(folder.path, "a", ["b"]).peers.keys()].sort()).toEqual(["a", "b"]);
  rmSync(join(folder.path, "a.pub"));
  expect(writeKeys(folder.path, ["a"])).toEqual([join(folder.path, "a.pub")]);
  expect(readFileSync(join(folder.path, "a.pub"), "utf8").trim()).toBe(keys.publicKey);
});

test("a host that has only the public key of another node gets no new pair for it", () => {
  writeKeys(folder.path, ["a", "b"]);
  rmSync(join(folder.path, "b.key"));
  expect(writeKeys(folder.path, ["a", "b"])).toEqual([]);
});

test.each([
  ["missing", (dir: string) => rmSync(join(dir, "a.key")), "there is no such file"],
  ["open to others", (dir: string) => chmodSync(join(dir, "a.key"), 0o644), "chmod 600"],
  ["no Z85", (dir: string) => writeFileSync(join(dir, "a.key"), "secret", { mode: 0o600 }), "40 characters"],
  ["huge", (dir: string) => writeFileSync(join(dir, "a.key"), "x".repeat(5000)), "larger than a key"],
  [
    "of another pair",
    (dir: string) => writeFileSync(join(dir, "a.pub"), generateKeyPair().publicKey),
    "does not belong",
  ],
  ["shared", (dir: string) => writeFileSync(join(dir, "b.pub"), readFileSync(join(dir, "a.pub"))), "same as that of a"],
])("a key that is %s is refused with its path and the reason", (_what, spoil, reason) => {
  writeKeys(folder.path, ["a", "b"]);
  spoil(folder.path);
  expect(() => loadKeys(folder.path, "a")).toThrow(reason);
  expect(() => loadKeys(folder.path, "a")).toThrow("transport/bad-keys");
});

test("names that would leave the folder are refused", () => {
  expect(() => writeKeys(folder.path, ["../a"])).toThrow("transport/bad-keys");
  expect(() => loadAllowList(folder.path, ["a/b"])).toThrow("transport/bad-keys");
});

test("a proof holds for its signer, its receiver and its words, and for nothing else", () => {
  writeKeys(folder.path, ["a", "b", "c"]);
  const [a, b, c] = ["a", "b", "c"].map((node) => createProver(loadKeys(folder.path, node)));
  const material = Buffer.from("nonce service epoch");
  const proof = a.sign("b", material);
  expect(proof).toHaveLength(32);
  expect(b.verify("a", material, proof)).toBe(true);
  expect(b.verify("a", Buffer.from("nonce service epocH"), proof)).toBe(false);
  expect(b.verify("c", material, proof)).toBe(false);
  expect(c.verify("a", material, proof)).toBe(false);
  expect(c.sign("b", material)).not.toEqual(proof);
  expect(a.verify("b", material, proof)).toBe(false);
  expect(b.verify("a", material, proof.subarray(1))).toBe(false);
  expect(b.verify("nobody", material, proof)).toBe(false);
  expect(() => a.sign("nobody", material)).toThrow("transport/bad-keys");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (bit) => {
      const forged = Buffer.from(proof);
      forged[bit >> 3] ^= 1 << (bit & 7);
      expect(b.verify("a", material, forged)).toBe(false);
    }),
  );
});
