/** A NATS server of this run's own, where the machine has one. */
import { spawn, spawnSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";

export const CLIENT_PACKAGE: string = "@nats-io/transport-node";
const START_MS = 5000;

export interface NatsServer {
  readonly port: number;
  stop(): void;
}

/** @returns the server, or why there is none */
export const startNats = async (): Promise<NatsServer | string> => {
  if (spawnSync("nats-server", ["--version"]).error !== undefined) return "no nats-server in PATH";
  try {
    import.meta.resolve(CLIENT_PACKAGE);
  } catch {
    return `nats-server is here, its client ${CLIENT_PACKAGE} is not`;
  }
  const port = await freePort();
  const server = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const stop = (): void => {
    server.kill("SIGKILL");
  };
  process.once("exit", stop);
  server.once("error", () => undefined);
  const end = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (performance.now() < end) continue;
    stop();
    return `nats-server did not answer within ${START_MS} ms`;
  }
  return { port, stop };
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (ok: boolean): void => {
      socket.destroy();
      setTimeout(resolve, ok ? 0 : 50, ok);
    };
    socket.once("connect", () => done(true)).once("error", () => done(false));
  });
