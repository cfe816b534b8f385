import { expect, test } from "vitest";
import { LineSplitter } from "./lines.ts";
import { Output, type OutputOptions } from "./output.ts";

const setUp = (options: Partial<OutputOptions> & { isTTY?: boolean } = {}) => {
  let text = "";
  let now = 0;
  const output = new Output({
    terminal: { isTTY: options.isTTY ?? false, columns: 60, write: (part: string) => (text += part) },
    format: "text",
    names: ["a", "longer"],
    colour: false,
    now: () => now,
    ...options,
  });
  return { output, text: () => text, pass: (ms: number) => (now += ms) };
};

test("lines carry the name of their service, aligned", () => {
  const { output, text } = setUp();
  output.childLine("a", "stdout", "hello");
  output.childLine("longer", "stderr", "world");
  expect(text()).toBe("a      | hello\nlonger | world\n");
});

test("a line of a log is shown with the service that wrote it, its level and its fields", () => {
  const { output, text } = setUp();
  output.childLine(
    "node",
    "stdout",
    '{"level":40,"time":"2026-01-02T03:04:05.678Z","service":"a","games":12,"why":"two words","msg":"slow"}',
  );
  expect(text()).toBe('a      | 03:04:05.678 warn  slow games=12 why="two words"\n');
});

test("something that only looks like a log line is passed on as it is", () => {
  const { output, text } = setUp();
  output.childLine("a", "stdout", '{"level":"no');
  expect(text()).toBe('a      | {"level":"no\n');
});

test("with --json every line is one object", () => {
  const { output, text } = setUp({ format: "json" });
  output.childLine("a", "stdout", "raw");
  output.say("a", "ready", "info", { state: "ready" });
  output.progress("a", 0.5, "half");
  const objects = text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(objects).toMatchObject([
    { service: "a", stream: "stdout", msg: "raw" },
    { service: "a", level: "info", msg: "ready", state: "ready" },
    { service: "a", progress: 0.5, msg: "half" },
  ]);
});

test("progress is one line that is drawn again on a terminal, and makes room for other lines", () => {
  const { output, text } = setUp({ isTTY: true });
  output.progress("a", 0.5, "half");
  output.childLine("a", "stdout", "hello");
  const clear = "\r\u001b[2K";
  const bar = "a [##########----------] 50% half";
  expect(text()).toBe(`${clear}${bar}${clear}a      | hello\n${clear}${bar}`);
  output.close();
  expect(text().endsWith(clear)).toBe(true);
});

test("progress is an occasional line where there is no terminal", () => {
  const { output, text, pass } = setUp();
  for (let i = 0; i < 10; i++) {
    output.progress("a", i / 10, "work");
    pass(500);
  }
  output.progress("a", 1, "work");
  expect(text().trimEnd().split("\n")).toHaveLength(4);
});

test("lines are put together across chunks, and cut at a bound instead of growing without one", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter(8, (line) => lines.push(line));
  splitter.push(Buffer.from("ab"));
  splitter.push(Buffer.from("c\r\n\nde"));
  splitter.push(Buffer.from("x".repeat(100)));
  splitter.push(Buffer.from("x".repeat(100)));
  splitter.push(Buffer.from("\nlast"));
  splitter.end();
  expect(lines).toEqual(["abc", "", "dexxxxxx", "last"]);
});
