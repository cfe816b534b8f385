import { expect, test } from "vitest";
import { BusError } from "#bus";
import { checkItems } from "./errors.ts";

test("a refused item is an error with the code of its number, its place, and a sentence that begins with the code", () => {
  const played = { error: 0, errorText: null };
  const { number } = new BusError("cards/limit-exceeded");
  expect(checkItems([played, played])).toHaveLength(2);
  const check = (errorText: string | null, error = number): unknown => {
    try {
      return checkItems([played, { error, errorText }]);
    } catch (thrown) {
      return BusError.from(thrown).toJSON();
    }
  };
  const refused = { code: "cards/limit-exceeded", details: { item: 1, number } };
  expect(check("too many moves")).toEqual({ ...refused, message: "cards/limit-exceeded: too many moves" });
  expect(check("cards/limit-exceeded: too many")).toEqual({ ...refused, message: "cards/limit-exceeded: too many" });
  expect(check(null)).toMatchObject({ message: `cards/limit-exceeded: error ${number}` });
  expect(check("new here", 65_000)).toMatchObject({ code: "core/app", message: "core/app: new here" });
});
