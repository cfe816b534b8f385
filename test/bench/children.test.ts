import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Children } from "./children.ts";

test("a run says how many of its processes were tied to a CPU", async () => {
  const children = new Children();
  const script = join(tmpdir(), "busbar-no-such-script.mjs");
  await children.start({ script }).end();
  expect(children.pinned).toBe(0);
  await children.start({ script, cpu: 0 }).end();
  expect(children.pinned).toBe(1);
});
