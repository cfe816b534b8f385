/** Hubs for tests: a plan, the transports it needs, a quiet log. */
import { randomBytes } from "node:crypto";
import { type Clock, createHub, type Hub, type HubOptions, type Logger } from "#core";
import type { Plan } from "#generated/busbar/plan";
import type { Address, Transport } from "#transport";
import { createLocalTransport } from "#transport/local";

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export interface LogLine {
  level: string;
  fields: unknown;
  text: string;
}

export const recordingLog = (lines: LogLine[] = []): Logger & { lines: LogLine[] } => {
  const at =
    (level: string) =>
    (fields: object | string, text?: string): void => {
      lines.push(
        typeof fields === "string" ? { level, fields: {}, text: fields } : { level, fields, text: text ?? "" },
      );
    };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};

export interface TestHubOptions extends Partial<HubOptions> {
  plan: Plan;
  process?: string;
  transports?: Transport[];
  addressOf?: (process: string, transport: "ring" | "unix" | "tcp") => Address | undefined;
}

export const testHub = (options: TestHubOptions): Hub =>
  createHub({
    process: "main",
    clock: systemClock,
    log: recordingLog(),
    development: true,
    epochOf: () => 1,
    libraryVersion: "0.0.0-test",
    nonce: () => randomBytes(16),
    addressOf: () => undefined,
    ...options,
    transports: [createLocalTransport(), ...(options.transports ?? [])],
  });

/** Resolves when `done` holds; a watchdog ends the test when it never does. */
export const until = async (done: () => boolean, what = "a condition", timeoutMs = 10_000): Promise<void> => {
  const start = performance.now();
  while (!done()) {
    if (performance.now() - start > timeoutMs) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
