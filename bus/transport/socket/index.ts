export { generateKeyPair, type KeyPair, loadAllowList, loadKeys, type NodeKeys, writeKeys } from "./keys.ts";
export type { Look, SocketClock, SocketOptions, TcpOptions } from "./options.ts";
export { createProver } from "./prover.ts";
export { createTcpTransport } from "./tcp-transport.ts";
export { createUnixTransport } from "./unix-transport.ts";
