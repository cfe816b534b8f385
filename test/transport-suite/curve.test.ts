import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { createTcpTransport, loadKeys, writeKeys } from "#transport/socket";
import { socketHarness } from "./socket-harness.ts";
import { transportSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "busbar-keys-"));
writeKeys(folder, ["pa", "pb"]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const transport = (process: string): ReturnType<typeof createTcpTransport> =>
  createTcpTransport({ keys: loadKeys(folder, process) });

transportSuite(socketHarness({ name: "tcp", transport, features: transport("pa").features }));
