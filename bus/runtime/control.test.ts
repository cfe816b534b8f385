import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BusError } from "#wire";
import { ControlClient } from "./control-client.ts";
import { parseRequest, toJson } from "./control-protocol.ts";
import { type ControlHandler, ControlServer } from "./control-server.ts";

let root: string;
let path: string;
const ends: (() => unknown)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "busbar-control-"));
  path = join(root, "x.ctl");
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(root, { recursive: true, force: true });
});

const serve = async (commands: Record<string, ControlHandler>, lineBytesMax = 4096) => {
  const server = new ControlServer({ path, commands, lineBytesMax });
  await server.open();
  ends.push(() => server.close());
  return server;
};
const client = async () => {
  const opened = await ControlClient.open(path);
  ends.push(() => opened.close());
  return opened;
};

test("a command is answered, an error keeps its code and details, an unknown command names the known ones", async () => {
  await serve({
    echo: (args) => args.value,
    fail: () => {
      throw new BusError("core/no-server", { details: { rpc: "X" } });
    },
  });
  const control = await client();
  expect(await control.call("echo", { value: [1, "ä"] })).toEqual([1, "ä"]);
  await expect(control.call("fail")).rejects.toMatchObject({ code: "core/no-server", details: { rpc: "X" } });
  await expect(control.call("toString")).rejects.toThrow(/no command 'toString'; there are echo, fail/);
});

test("the socket is for its user only", async () => {
  await serve({});
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a stream delivers its items in order, and cancelling reaches the handler", async () => {
  let aborted = false;
  await serve({
    count: async (_args, context) => {
      for (let i = 0; i < 100; i++) await context.item(i);
      return "end";
    },
    forever: (_args, context) =>
      new Promise((resolve) =>
        context.signal.addEventListener("abort", () => {
          aborted = true;
          resolve(null);
        }),
      ),
  });
  const control = await client();
  const items: unknown[] = [];
  expect(await control.call("count", {}, { item: (value) => items.push(value) })).toBe("end");
  expect(items).toEqual(Array.from({ length: 100 }, (_, i) => i));
  const controller = new AbortController();
  const call = control.call("forever", {}, { signal: controller.signal });
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: "core/cancelled" });
  await control.call("count");
  expect(aborted).toBe(true);
});

test("a client that goes away aborts what it asked for", async () => {
  let gone: () => void = () => {};
  const seen = new Promise<void>((resolve) => {
    gone = resolve;
  });
  await serve({
    forever: (_args, context) => {
      context.signal.addEventListener("abort", gone);
      return new Promise(() => {});
    },
  });
  const control = await client();
  control.call("forever").catch(() => {});
  await control.call("other").catch(() => {});
  control.close();
  await seen;
});

test("when the process goes away, open calls fail with a link-lost", async () => {
  const server = await serve({ forever: () => new Promise(() => {}) });
  const control = await client();
  const call = control.call("forever");
  const other = control.call("unknown").catch(() => {});
  await other;
  await server.close();
  ends.length = 0;
  await expect(call).rejects.toMatchObject({ code: "transport/link-lost" });
});

const raw = (bytes: Buffer | string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.end(bytes);
  });

test.each([
  ["garbage", "\u0000\u0001 not json"],
  ["an array", "[]"],
  ["null", "null"],
  ["no id", '{"command":"status"}'],
  ["a negative id", '{"id":-1,"command":"status"}'],
  ["a command that is no text", '{"id":1,"command":7}'],
  ["args that are no object", '{"id":1,"command":"status","args":[]}'],
])("%s is answered with an error and the server lives on", async (_name, line) => {
  await serve({ status: () => "well" });
  const answer = new Promise<string>((resolve, reject) => {
    const socket = connect(path);
    socket.on("error", reject);
    socket.once("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.write(`${line}\n`);
  });
  expect(JSON.parse(await answer)).toMatchObject({ error: { code: "runtime/bad-request" } });
  expect(await (await client()).call("status")).toBe("well");
});

test("an endless line is cut off, with a reason, and others are served on", async () => {
  await serve({ status: () => "well" });
  expect(await raw("x".repeat(10_000))).toContain("too long");
  expect(await (await client()).call("status")).toBe("well");
});

test("any bytes leave the server alive", async () => {
  await serve({ status: () => "well" });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      await raw(Buffer.from(bytes));
    }),
    { numRuns: 60 },
  );
  expect(await (await client()).call("status")).toBe("well");
});

test("any text is a request or an error in words, never something else", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.anything().map((value) => JSON.stringify(value) ?? ""),
      ),
      (text) => {
        try {
          const request = parseRequest(text);
          expect(Number.isSafeInteger(request.id)).toBe(true);
        } catch (error) {
          expect(error instanceof SyntaxError || error instanceof RangeError).toBe(true);
        }
      },
    ),
  );
});

test("a stale socket file is replaced", async () => {
  writeFileSync(path, "");
  await serve({ status: () => "well" });
  expect(await (await client()).call("status")).toBe("well");
});

test("a socket that nobody listens on is an error with its path", async () => {
  await expect(ControlClient.open(path)).rejects.toMatchObject({ code: "transport/unreachable" });
});

test("a path that no socket can have is refused", async () => {
  const server = new ControlServer({ path: join(root, "x".repeat(120)), commands: {} });
  await expect(server.open()).rejects.toMatchObject({ code: "transport/path-too-long" });
});

test("a server that answers garbage ends the call instead of hanging it", async () => {
  const bad = createServer((socket) => socket.write("%%%\n"));
  await new Promise<void>((resolve) => bad.listen(path, resolve));
  ends.push(() => bad.close());
  await expect((await client()).call("status")).rejects.toMatchObject({ code: "transport/link-lost" });
});

test("64-bit numbers become text and bytes become numbers", () => {
  expect(toJson({ a: 2n ** 63n, b: new Uint8Array([1, 255]), c: new BigUint64Array([1n]) })).toBe(
    '{"a":"9223372036854775808","b":[1,255],"c":["1"]}',
  );
});
