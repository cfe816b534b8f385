import { isLoopback, normalisedHost } from "./host.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * "127.0.0.1:9464", "[::1]:9464", or a port.
 * @returns what is wrong with it in words, or the address
 */
export function parseListen(text: string, remote: boolean): ListenAddress | string {
  const match = /^(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text);
  if (match === null) return `is "${text}", which is no address; write "127.0.0.1:9464"`;
  const host = (match[1] ?? "127.0.0.1").replace(/^\[|\]$/g, "");
  const port = Number(match[2]);
  if (port > 65535) return `is "${text}"; a port is 65535 at most`;
  if (!remote && !isLoopback(normalisedHost(host)))
    return `is "${text}", open to other computers, and whoever reaches it sees every edge; write remote = true (--remote) if that is meant`;
  return { host, port };
}
