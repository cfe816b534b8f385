import type { LintFault } from "../../lint.ts";
import type { BinarySchema } from "../../model.ts";

/** Keywords and alternative tokens of C++20: nothing can have such a name. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class " +
    "co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype " +
    "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline " +
    "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register " +
    "reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template " +
    "this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t " +
    "while xor xor_eq"
  ).split(" "),
);
/** Not reserved, but the compiler of schemas puts an underscore behind them, and not everywhere. */
export const AVOIDED: ReadonlySet<string> = new Set(
  "atomic_cancel atomic_commit atomic_noexcept import module synchronized".split(" "),
);
/** Reserved since C++20, which the compiler of schemas does not know, so it writes them as they are. */
export const UNKNOWN: ReadonlySet<string> = new Set(["char8_t", "consteval", "constinit"]);
/** What the header of an enum declares beside its values. */
const OWN_VALUES: ReadonlySet<string> = new Set(["MIN", "MAX"]);

/** A name as busbar_types.h has it. */
export const safeName = (name: string): string => (KEYWORDS.has(name) ? `${name}_` : name);

const RENAME = "rename it";

export interface CppFaults {
  /** Headers would not compile. */
  readonly faults: readonly LintFault[];
  /** Headers compile, but have another name. */
  readonly renamed: readonly LintFault[];
}

/**
 * Names of a schema that C++ has for itself. The compiler of schemas renames fields and values; of types only some
 * places, and of namespaces none.
 */
export function cppFaults(schema: BinarySchema): CppFaults {
  const faults: LintFault[] = [];
  const renamed: LintFault[] = [];
  const add = (owner: string, part: string, name = part): void => {
    if (UNKNOWN.has(name)) {
      faults.push({ owner, part, reason: `${name} is a keyword of C++`, cure: RENAME });
    } else if (KEYWORDS.has(name) || AVOIDED.has(name)) {
      renamed.push({
        owner,
        part,
        reason: `${name} is ${name}_ in C++`,
        cure: `${RENAME} to have one name everywhere`,
      });
    }
  };
  const namespaces = new Set<string>();
  for (const { name: owner } of [...schema.objects, ...schema.enums, ...schema.services]) {
    const parts = owner.split(".");
    const short = parts.pop() ?? "";
    const taken = KEYWORDS.has(short) || AVOIDED.has(short);
    if (taken) faults.push({ owner, part: "", reason: `${short} is a keyword of C++`, cure: RENAME });
    const namespace = parts.join(".");
    const word = parts.find((part) => KEYWORDS.has(part));
    if (word === undefined || namespaces.has(namespace)) continue;
    namespaces.add(namespace);
    const reason = `namespace ${namespace} has the keyword ${word} of C++`;
    faults.push({ owner, part: "", namespace, reason, cure: "rename the namespace" });
  }
  for (const { name, fields } of schema.objects) {
    for (const field of fields) if (!field.deprecated) add(name, field.name);
  }
  for (const { name: owner, values } of schema.enums) {
    for (const { name: part } of values) {
      add(owner, part);
      if (!OWN_VALUES.has(part)) continue;
      faults.push({ owner, part, reason: `every enum has a ${part} of its own in C++`, cure: RENAME });
    }
  }
  // Calls are in our own header only, which knows every keyword.
  for (const { name: owner, calls } of schema.services) {
    for (const { name: part } of calls) {
      if (!KEYWORDS.has(part)) continue;
      const cure = `${RENAME} to have one name everywhere`;
      renamed.push({ owner, part, reason: `${part} is ${part}_ in C++`, cure });
    }
  }
  return { faults, renamed };
}
