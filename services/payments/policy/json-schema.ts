/** Tree files as JSON Schema, made from the tables of names. */
import {
  ACTIONS,
  COMPARISONS,
  COMPUTATIONS,
  FIELD_GROUP,
  PAYMENT_ONLY,
  type ParameterKind,
  TEXTS,
  TREES,
  type TreeName,
  VERSION,
} from "./names.ts";

type Schema = Record<string, unknown>;

const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const object = (properties: Schema, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const text: Schema = { type: "string", minLength: 1 };

export function policyJsonSchema(): object {
  const defs: Schema = {};
  for (const tree of TREES) treeDefinitions(tree, defs);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "policy tree file of payments",
    ...object(
      {
        version: { const: VERSION },
        policy_id: text,
        description: text,
        parameters: { type: "object", additionalProperties: { type: "number" } },
        ...Object.fromEntries(TREES.map((tree) => [tree, ref(`${tree}.node`)])),
      },
      ["version", "policy_id"],
    ),
    $defs: defs,
  };
}

function treeDefinitions(tree: TreeName, defs: Schema): void {
  const here = (name: string): Schema => ref(`${tree}.${name}`);
  const fields = [...FIELD_GROUP].filter(([, group]) => tree === "payment_tree" || !PAYMENT_ONLY.has(group));
  const actions = Object.entries(ACTIONS).filter(([, { trees }]) => trees.includes(tree));
  const identity = { node_id: text, description: text };
  const condition = {
    ...identity,
    type: { const: "condition" },
    condition: here("condition"),
    on_true: here("node"),
    on_false: here("node"),
  };
  defs[`${tree}.node`] = {
    oneOf: [
      object(condition, ["type", "node_id", "condition", "on_true", "on_false"]),
      ...actions.map(([name, { required, optional }]) => {
        const parameters = object(
          Object.fromEntries(
            Object.entries({ ...required, ...optional }).map(([key, kind]) => [key, parameter(tree, key, kind)]),
          ),
          Object.keys(required),
        );
        const needed = Object.keys(required).length > 0 ? ["parameters"] : [];
        return object({ ...identity, type: { const: "action" }, action: { const: name }, parameters }, [
          "type",
          "node_id",
          "action",
          ...needed,
        ]);
      }),
    ],
  };
  const list = { type: "array", items: here("condition"), minItems: 1 };
  defs[`${tree}.condition`] = {
    oneOf: [
      object({ op: { enum: COMPARISONS }, left: here("value"), right: here("value") }),
      object({ op: { enum: ["and", "or"] }, conditions: list }),
      object({ op: { const: "not" }, condition: here("condition") }),
    ],
  };
  const field = {
    anyOf: [{ enum: fields.map(([name]) => name) }, { type: "string", pattern: "^bank_state_\\w{1,48}$" }],
  };
  defs[`${tree}.value`] = {
    oneOf: [
      object({ field }),
      object({ param: text }),
      object({ value: { type: ["number", "boolean"] } }),
      object({ compute: here("compute") }),
    ],
  };
  defs[`${tree}.compute`] = {
    oneOf: Object.entries(COMPUTATIONS).map(([op, operands]) =>
      object({
        op: { const: op },
        ...Object.fromEntries(
          operands.map((key) => [
            key,
            key === "values" ? { type: "array", items: here("value"), minItems: 1 } : here("value"),
          ]),
        ),
      }),
    ),
  };
}

function parameter(tree: TreeName, key: string, kind: ParameterKind): Schema {
  if (kind === "number") return ref(`${tree}.value`);
  if (kind === "texts") return object({ value: { type: "array", items: text, minItems: 1 } });
  if (key === "key") return object({ value: { type: "string", pattern: "^bank_state_\\w{1,48}$" } });
  const options = TEXTS[key];
  return object({ value: options === undefined ? text : { enum: options } });
}
