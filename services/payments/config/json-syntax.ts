/** Where a text stops being JSON, because JSON.parse says so in a different way in every version of the engine. */

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside of texts
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y;

type State = "value" | "first-value" | "key" | "first-key" | "colon" | "next";

/** Offset of the first character that cannot be there, or undefined for JSON. */
export function jsonFault(text: string): number | undefined {
  const open: string[] = [];
  let state: State = "value";
  TOKEN.lastIndex = 0;
  for (let at = 0; ; ) {
    if (state === "next" && open.length === 0) {
      const rest = /[^ \t\r\n]/g;
      rest.lastIndex = at;
      return rest.exec(text)?.index;
    }
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    const start = at + (/^[ \t\r\n]*/.exec(text.slice(at, at + 4096))?.[0].length ?? 0);
    if (token === null) return start;
    const [, mark, string, scalar] = token;
    const following = step(state, open, mark, string ?? scalar, string !== undefined);
    if (following === undefined) return start;
    state = following;
    at = TOKEN.lastIndex;
  }
}

function step(
  state: State,
  open: string[],
  mark: string | undefined,
  scalar: string | undefined,
  isText: boolean,
): State | undefined {
  const inObject = open.at(-1) === "{";
  switch (state) {
    case "value":
    case "first-value":
      if (scalar !== undefined) return "next";
      if (mark === "{" || mark === "[") {
        open.push(mark);
        return mark === "{" ? "first-key" : "first-value";
      }
      if (mark !== "]" || state !== "first-value") return undefined;
      open.pop();
      return "next";
    case "key":
    case "first-key":
      if (isText) return "colon";
      if (mark !== "}" || state !== "first-key") return undefined;
      open.pop();
      return "next";
    case "colon":
      return mark === ":" ? "value" : undefined;
    case "next":
      if (mark === ",") return inObject ? "key" : "value";
      if (mark !== (inObject ? "}" : "]")) return undefined;
      open.pop();
      return "next";
  }
}
