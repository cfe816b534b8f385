import type { Client, Handlers } from "#bus";
import { type CheckReplyInit, type Payments, type PaymentsConfig, TextFormat } from "#generated/payments";
import { type Canonical, canonicalText } from "../config/canonical.ts";
import { configJsonSchema, costJsonSchema } from "../config/json-schema.ts";
import { badConfig, checkConfigText, type LoadOptions } from "../config/load.ts";
import { type Problem, problemText } from "../config/problem.ts";
import { parseSource, SourceError } from "../config/source.ts";
import { checkPolicy } from "../policy/check.ts";
import { policyJsonSchema } from "../policy/json-schema.ts";
import type { DeskOptions } from "./options.ts";

export function configHandlers(
  core: Client<typeof Payments>,
  { root }: Pick<DeskOptions, "root">,
): Handlers<typeof PaymentsConfig> {
  const load = (format: number): LoadOptions => ({ format: nameOf(format), root });
  return {
    validateConfig({ text, format }) {
      const { problems, loaded } = checkConfigText(text, load(format));
      return reply(problems, loaded?.canonical);
    },
    validatePolicy({ text, format, agents }) {
      const { problems, canonical } = checkPolicyText(text, nameOf(format), agents);
      return reply(problems, canonical);
    },
    configSchema: () => ({ json: JSON.stringify(configJsonSchema()) }),
    policySchema: () => ({ json: JSON.stringify(policyJsonSchema()) }),
    costSchema: () => ({ json: JSON.stringify(costJsonSchema()) }),
    async create({ text, format, keepEvents, keepHistory }, { signal }) {
      const { problems, loaded } = checkConfigText(text, load(format));
      if (loaded === undefined) throw badConfig(problems);
      return core.new({ config: loaded.canonical, keepEvents, keepHistory }, { signal });
    },
  };
}

const nameOf = (format: number): "yaml" | "json" => (format === TextFormat.Json ? "json" : "yaml");

function checkPolicyText(
  text: string,
  format: "yaml" | "json",
  agents: readonly string[],
): { problems: readonly Problem[]; canonical?: string } {
  try {
    const { value, locate } = parseSource(text, format);
    const { problems, tree } = checkPolicy(value, { locate, ...(agents.length > 0 && { agents: new Set(agents) }) });
    return problems.length > 0 ? { problems } : { problems, canonical: canonicalText(tree as Canonical) };
  } catch (error) {
    if (error instanceof SourceError) return { problems: [error.problem] };
    throw error;
  }
}

const reply = (problems: readonly Problem[], canonical?: string): CheckReplyInit => ({
  valid: problems.length === 0,
  problems: problems.map((problem) => ({
    path: problem.path,
    problem: problem.problem,
    line: problem.line ?? null,
    column: problem.column ?? null,
    file: problem.file ?? null,
    sentence: problemText(problem),
  })),
  canonical: canonical ?? null,
});
