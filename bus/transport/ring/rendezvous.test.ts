// Both sides in this process, over a real socket; the one that dials leaves where a process may be killed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Hello } from "#generated/busbar/control";
import { HEADER_BYTES, Kind, Lane, Memory, writeHeader } from "#wire";
import { until } from "../../../test/support/hub.ts";
import { createRingTransport } from "./index.ts";

const hello = (): Uint8Array => {
  const memory = Memory.allocate(4096);
  const end = Hello.encode(memory, HEADER_BYTES, memory.size, {
    service: "a",
    planHash: "",
    target: "b",
    windowBytes: 4096,
    frameBytesMax: 4096,
  });
  writeHeader(memory, 0, end, Kind.hello, HEADER_BYTES, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, Lane.control);
  return memory.u8.slice(0, end);
};

test("who leaves in the middle of its handshake is no news, and the next one is let in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "busbar-rendezvous-"));
  const lines: string[] = [];
  const line = (level: string) => (_fields: object, text: string) => void lines.push(`${level} ${text}`);
  const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const transport = createRingTransport({});
  const address = { transport: "ring", service: "b", path: join(folder, "b.ring") } as const;
  let leaving: AbortController | undefined = new AbortController();
  const listener = await transport.listen({
    address,
    frameBytesMax: 1 << 20,
    log,
    admit: () => {
      leaving?.abort();
      leaving = undefined;
      return { welcome: hello(), attach: (carrier) => "abort" in carrier && carrier.abort() };
    },
  });
  const dial = (signal: AbortSignal) =>
    transport.dial({ address, hello: hello(), frameBytesMax: 4096, signal, accept: () => 4096, log });
  await expect(dial(leaving.signal)).rejects.toMatchObject({ name: /AbortError|BusError/ });
  await until(() => lines.some((text) => text.includes("handshake")), "the listener's line");
  expect(lines).toEqual(["debug a peer left in the middle of its handshake"]);
  const carrier = await dial(new AbortController().signal);
  if (carrier.kind === "bytes") carrier.abort();
  await listener.close();
  await transport.close();
  await rm(folder, { recursive: true });
});
