import { frameVectors } from "./frame-cases.ts";
import { handshakeVectors } from "./handshake-cases.ts";
import { hashVectors } from "./hash-cases.ts";
import { messageVectors } from "./message-cases.ts";
import { ringVectors } from "./ring-cases.ts";
import { telemetryVectors } from "./telemetry-cases.ts";

const text = (about: string, content: object): string => `${JSON.stringify({ about, ...content }, null, 1)}\n`;

/** Text of each vector file by its name. */
export function vectorFiles(): Readonly<Record<string, string>> {
  return {
    "frames.json": text("Frames, good and bad; see test/conformance/README.md", frameVectors()),
    "messages.json": text("Payloads by writer with what they mean; see test/conformance/README.md", {
      messages: messageVectors(),
    }),
    "handshake.json": text("Versions of a type that two ends accept; see test/conformance/README.md", {
      cases: handshakeVectors(),
    }),
    "hash.json": text("Ids and checksums; see test/conformance/README.md", hashVectors()),
    "telemetry.json": text("Telemetry records; see test/conformance/README.md", { ...telemetryVectors() }),
    "ring.json": text("Rings in memory after scripts; see test/conformance/README.md", ringVectors()),
  };
}
