/** NATS with its own client, through a server on loopback; the variant is its port. */
import { codecOf } from "./codec.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { CLIENT_PACKAGE } from "./nats-server.ts";
import { ASK } from "./workloads.ts";

const TO_READER = "bench.data";
const TO_WRITER = "bench.answers";
/** Publishes between two flushes, so that the client's buffer stays bounded. */
const FLUSH_EVERY = 512;

interface NatsConnection {
  publish(subject: string, bytes: Uint8Array): void;
  subscribe(subject: string, options: { callback(error: unknown, message: { data: Uint8Array }): void }): unknown;
  flush(): Promise<void>;
}

/** The package is not one of ours: a machine that has it beside the project is measured, others say it is missing. */
const connectTo = async (port: string): Promise<NatsConnection> => {
  const client = (await import(CLIENT_PACKAGE)) as { connect(options: object): Promise<NatsConnection> };
  return client.connect({ servers: `127.0.0.1:${port}` });
};

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const nats: Contestant = {
  async serve(options: SideOptions): Promise<string> {
    const connection = await connectTo(options.variant);
    const handle = codecOf(options.workload, false).reader((bytes) => connection.publish(TO_WRITER, bytes));
    connection.subscribe(TO_READER, { callback: (_, { data }) => handle(bufferOf(data), 0, data.length) });
    await connection.flush();
    return "";
  },

  async drive(options: SideOptions): Promise<Driver> {
    const codec = codecOf(options.workload, false);
    const connection = await connectTo(options.variant);
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        for (let i = 0; i < count - 1; i++) {
          connection.publish(TO_READER, codec.pack(i));
          if (i % FLUSH_EVERY === FLUSH_EVERY - 1) await connection.flush();
        }
        connection.publish(TO_READER, codec.pack(ASK));
      },
      ping: () => connection.publish(TO_READER, codec.pack(ASK)),
    };
    connection.subscribe(TO_WRITER, {
      callback: (_, { data }) => driver.answered(codec.counted(bufferOf(data), 0, data.length)),
    });
    await connection.flush();
    return driver;
  },
};
