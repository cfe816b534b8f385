/** The model as JSON Schema, for editors and forms. */
import { z } from "zod";
import { costRates } from "./costs.ts";
import { configModel } from "./model.ts";
import { shapeOf } from "./walk.ts";

export const configJsonSchema = (): object => jsonSchema(configModel, "payments config");
export const costJsonSchema = (): object => jsonSchema(costRates, "cost_rates of a payments config");

function jsonSchema(model: z.ZodType, title: string): object {
  const schema = z.toJSONSchema(model, {
    // What people write, which is before conversions: 64-bit integers are integers there.
    io: "output",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema: out }) => {
      if (zodSchema._zod.def.type === "bigint") {
        const { minValue, maxValue } = zodSchema as unknown as z.ZodBigInt;
        out.type = "integer";
        if (minValue !== null) out.minimum = Number(minValue);
        if (maxValue !== null) out.maximum = Number(maxValue);
      }
      if (out.type === "object" && out.properties !== undefined) {
        // A key with a default may be left out.
        const shape = shapeOf(zodSchema as unknown as z.ZodType);
        const required = (out.required ?? []).filter((key) => !hasDefault(shape[key]));
        if (required.length > 0) out.required = required;
        else delete out.required;
      }
      // Defaults are shown after conversion and scaling, so they would mislead.
      if (typeof out.default === "bigint" || holdsBigint(out.default)) delete out.default;
    },
  });
  return { title, ...schema };
}

const hasDefault = (field: z.ZodType | undefined): boolean =>
  field !== undefined && ["default", "prefault"].includes(field.def.type);

const holdsBigint = (value: unknown): boolean =>
  typeof value === "bigint" ||
  (typeof value === "object" && value !== null && Object.values(value).some((inner) => holdsBigint(inner)));
