import { expect, test } from "vitest";
import { codecOf } from "./codec.ts";
import { ASK, sink, type WorkloadName } from "./workloads.ts";

const names: WorkloadName[] = ["tick64", "blob1k", "blob64k"];

test("a peer's reader decodes every message, reads its fields and answers with the count when asked", () => {
  for (const name of names) {
    const [writer, reader] = [codecOf(name, false), codecOf(name, false)];
    const answers: number[] = [];
    const handle = reader.reader((bytes) => answers.push(writer.counted(bytes, 0, bytes.length)));
    const before = sink[0];
    for (const seq of [1, 2, ASK]) {
      // As inside a larger block.
      const bytes = Buffer.concat([Buffer.alloc(3), writer.pack(seq), Buffer.alloc(5)]);
      handle(bytes, 3, bytes.length - 5);
    }
    expect(answers, name).toEqual([3]);
    expect(sink[0], name).not.toBe(before);
  }
});

test("bare bytes have the size of the message", () => {
  const [writer, reader] = [codecOf("tick64", true), codecOf("tick64", true)];
  const answers: number[] = [];
  const handle = reader.reader((bytes) => answers.push(writer.counted(bytes, 0, bytes.length)));
  expect(writer.pack(1)).toHaveLength(64);
  for (const seq of [0, 0, 0, ASK]) handle(writer.pack(seq), 0, 64);
  expect(answers).toEqual([4]);
});
