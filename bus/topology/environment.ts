/** Variables that change which code a program loads or runs; a topology is data and must not be able to. */
const PREFIXES = ["LD_", "DYLD_", "BASH_FUNC_", "BUSBAR_"];
const NAMES: ReadonlySet<string> = new Set([
  "NODE_OPTIONS",
  "NODE_PATH",
  "NODE_REPL_EXTERNAL_MODULE",
  "NODE_ICU_DATA",
  "OPENSSL_CONF",
  "OPENSSL_MODULES",
  "OPENSSL_ENGINES",
  "PYTHONSTARTUP",
  "PYTHONHOME",
  "PYTHONINSPECT",
  "PYTHONBREAKPOINT",
  "PYTHONWARNINGS",
  "PERL5OPT",
  "PERL5LIB",
  "PERL5DB",
  "RUBYOPT",
  "RUBYLIB",
  "JAVA_TOOL_OPTIONS",
  "_JAVA_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "GLIBC_TUNABLES",
  "GCONV_PATH",
  "LOCPATH",
  "NLSPATH",
  "BASH_ENV",
  "ENV",
  "SHELLOPTS",
  "BASHOPTS",
  "PROMPT_COMMAND",
  "PS4",
  "IFS",
]);

/** Blanks around the name and its case do not help: some systems ignore both. BUSBAR_ names are set by `up` itself. */
export function isForbiddenVariable(name: string): boolean {
  const plain = name.replace(/[\s\p{Cc}\p{Cf}]/gu, "").toUpperCase();
  return NAMES.has(plain) || PREFIXES.some((prefix) => plain.startsWith(prefix));
}

export const isVariableName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
