import { expect, test } from "vitest";
import { compileToBfbs } from "../testing/compile-schema.ts";
import { checkValue } from "./check.ts";

test("a type's schema is looked up once, not with every value", async () => {
  const bytes = await compileToBfbs({ "t.fbs": "namespace a; table T { n: int; }" });
  const text = Buffer.from(bytes).toString("base64");
  let lookups = 0;
  const type = {
    name: "a.T",
    get schema() {
      lookups++;
      return text;
    },
  };
  expect(checkValue(type, { n: 1 })).toBeUndefined();
  expect(checkValue(type, { n: "1" })).toMatch(/^n /);
  expect(checkValue(type, null)).toMatch(/^value /);
  expect(lookups).toBe(1);
});

test("types of one name in two schemas are two", async () => {
  const text = async (field: string): Promise<string> =>
    Buffer.from(await compileToBfbs({ "t.fbs": `namespace a; table T { ${field}: int; }` })).toString("base64");
  const [one, other] = [
    { name: "a.T", schema: await text("n") },
    { name: "a.T", schema: await text("k") },
  ];
  expect([checkValue(one, { n: "1" }), checkValue(other, { n: "1" })]).toEqual([
    expect.stringMatching(/^n /),
    undefined,
  ]);
});
