import { createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Prover } from "#transport";
import { BusError } from "#wire";
import type { NodeKeys } from "./keys.ts";
import { decodeZ85 } from "./z85.ts";

const PURPOSE = "busbar-hello-v1";

/**
 * Proofs for HELLO and WELCOME. zeromq.js does not tell which key a message was authenticated with, so any allowed node could
 * claim any name; a key that only the two nodes can compute settles it. Source: docs/wire.md, section 5.
 */
export const createProver = (keys: NodeKeys): Prover => {
  const shared = new Map<string, Buffer>();
  const keyWith = (node: string): Buffer | undefined => {
    const known = shared.get(node);
    if (known !== undefined) return known;
    const peer = keys.peers.get(node);
    if (peer === undefined) return undefined;
    const key = agree(keys, peer);
    shared.set(node, key);
    return key;
  };
  return {
    sign(node, material) {
      const key = keyWith(node);
      if (key === undefined) {
        throw new BusError("transport/bad-keys", { details: { path: `${node}.pub`, reason: "it was not loaded" } });
      }
      return mac(key, keys.node, material);
    },
    verify(node, material, proof) {
      const key = keyWith(node);
      if (key === undefined) return false;
      const expected = mac(key, node, material);
      return proof.length === expected.length && timingSafeEqual(proof, expected);
    },
  };
};

/** The signer's name is covered too: the key is the same in both directions, and a proof must not work when sent back. */
const mac = (key: Buffer, signer: string, material: Uint8Array): Buffer =>
  createHmac("sha256", key).update(signer).update("\0").update(material).digest();

const agree = (keys: NodeKeys, peer: string): Buffer => {
  const x = base64url(keys.publicKey);
  const secret = diffieHellman({
    privateKey: createPrivateKey({
      key: { kty: "OKP", crv: "X25519", x, d: base64url(keys.secretKey) },
      format: "jwk",
    }),
    publicKey: createPublicKey({ key: { kty: "OKP", crv: "X25519", x: base64url(peer) }, format: "jwk" }),
  });
  return Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), PURPOSE, 32));
};

const base64url = (z85: string): string => (decodeZ85(z85) as Buffer).toString("base64url");
