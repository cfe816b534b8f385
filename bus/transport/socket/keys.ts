/**
 * CURVE keys of nodes as files: `<node>.key` holds the secret key (mode 0600), `<node>.pub` the public one, both as Z85 text.
 * A host needs its own .key and the .pub of every node; the .pub files are the allow-list.
 */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capability, curveKeyPair } from "zeromq";
import { makeFolders } from "#schema";
import { BusError } from "#wire";
import { decodeZ85, encodeZ85 } from "./z85.ts";

export interface KeyPair {
  /** Z85, 40 characters. */
  readonly publicKey: string;
  readonly secretKey: string;
}

/** What one node knows: its own pair and everyone's public key. */
export interface NodeKeys extends KeyPair {
  readonly node: string;
  /** Public key by node, this node included. */
  readonly peers: ReadonlyMap<string, string>;
}

const KEY_BYTES = 32;
const NODE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.#-]*$/;

/** @throws BusError transport/unavailable when this libzmq was built without CURVE */
export const requireCurve = (): void => {
  if (capability.curve) return;
  const reason = "this build of ZeroMQ has no CURVE encryption; install the prebuilt zeromq package";
  throw new BusError("transport/unavailable", { details: { transport: "tcp", reason } });
};

export const generateKeyPair = (): KeyPair => {
  requireCurve();
  const { publicKey, secretKey } = curveKeyPair();
  return { publicKey, secretKey };
};

/**
 * Makes a pair for each node that has none yet in `dir`; existing keys stay, so running it again after adding a node is safe.
 * @returns paths written
 * @throws BusError transport/bad-keys when an existing key is unusable
 */
export const writeKeys = (dir: string, nodes: readonly string[]): string[] => {
  for (const node of nodes) requireName(dir, node);
  makeFolders(dir);
  const written: string[] = [];
  for (const node of nodes) {
    const secret = secretPath(dir, node);
    const shared = publicPath(dir, node);
    if (existsSync(secret)) {
      const publicKey = publicOf(readSecret(secret));
      if (existsSync(shared)) requireMatch(shared, publicKey);
      else written.push(writeKey(shared, publicKey, 0o644));
    } else if (existsSync(shared)) {
      // A node of another host: its secret key is there, and a new pair would lock it out.
      readKey(shared);
    } else {
      const pair = generateKeyPair();
      written.push(writeKey(secret, pair.secretKey, 0o600), writeKey(shared, pair.publicKey, 0o644));
    }
  }
  return written;
};

/**
 * Reads the pair of `node` and the public keys of `allowed` (default: every .pub file of the folder).
 * @throws BusError transport/bad-keys
 */
export const loadKeys = (dir: string, node: string, allowed?: readonly string[]): NodeKeys => {
  requireCurve();
  requireName(dir, node);
  const secretKey = readSecret(secretPath(dir, node));
  const publicKey = publicOf(secretKey);
  requireMatch(publicPath(dir, node), publicKey);
  const peers = loadAllowList(dir, allowed);
  return { node, publicKey, secretKey, peers: new Map([...peers, [node, publicKey]]) };
};

/** Public keys by node. @throws BusError transport/bad-keys, also when two nodes have the same key */
export const loadAllowList = (dir: string, allowed?: readonly string[]): Map<string, string> => {
  const peers = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const node of allowed ?? nodesIn(dir)) {
    requireName(dir, node);
    const path = publicPath(dir, node);
    const key = readKey(path);
    const owner = owners.get(key);
    if (owner !== undefined) throw bad(path, `it is the same as that of ${owner}; each node needs its own`);
    owners.set(key, node);
    peers.set(node, key);
  }
  return peers;
};

/** Z85 public key that belongs to a Z85 secret key. */
export const publicOf = (secretKey: string): string => {
  // X25519 private key as PKCS #8 is this prefix and the 32 bytes; Source: RFC 8410, section 7.
  const prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
  const der = Buffer.concat([prefix, decodeZ85(secretKey) as Buffer]);
  const { x } = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" })).export({ format: "jwk" });
  return encodeZ85(Buffer.from(x as string, "base64url"));
};

const secretPath = (dir: string, node: string): string => join(dir, `${node}.key`);
const publicPath = (dir: string, node: string): string => join(dir, `${node}.pub`);

const bad = (path: string, reason: string, cause?: unknown): BusError =>
  new BusError("transport/bad-keys", { details: { path, reason }, cause });

const requireName = (dir: string, node: string): void => {
  if (!NODE_NAME.test(node)) throw bad(dir, `'${node}' cannot be the name of a key file`);
};

const nodesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(".pub"))
      .map((name) => name.slice(0, -4))
      .sort();
  } catch (error) {
    throw bad(dir, (error as Error).message, error);
  }
};

const readKey = (path: string): string => {
  let text: string;
  try {
    if (statSync(path).size > 1024) throw bad(path, "it is larger than a key");
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof BusError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw bad(path, missing ? "there is no such file; run `busbar keys`" : (error as Error).message, error);
  }
  if (decodeZ85(text)?.length !== KEY_BYTES) throw bad(path, "40 characters of Z85 are expected");
  return text;
};

const readSecret = (path: string): string => {
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && (mode & 0o077) !== 0) {
    throw bad(path, `others may read it (mode ${(mode & 0o777).toString(8)}); run chmod 600 on it`);
  }
  return readKey(path);
};

const requireMatch = (path: string, publicKey: string): void => {
  if (readKey(path) !== publicKey) throw bad(path, "it does not belong to the secret key beside it");
};

/** Whole or not at all: a half-written key would lock a node out. */
const writeKey = (path: string, key: string, mode: number): string => {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${key}\n`, { mode, flag: "wx" });
  renameSync(draft, path);
  return path;
};
