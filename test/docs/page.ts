/** Pages of docs/ as data: their code blocks and tables. */
import { read } from "../tidy/tree.ts";

/** Code blocks whose first line names a file ("// path", "# path"): path to text. */
export function filesIn(page: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, path, text] of read(page).matchAll(/^```\w+\n(?:\/\/|#) (\S+\.\w+)\n([\s\S]*?)^```$/gm))
    files.set(path, text);
  return files;
}

/** Cells of the rows of every table of a page, without head and ruler. */
export function rowsOf(page: string): string[][] {
  const rows: string[][] = [];
  let body = false;
  for (const line of read(page).split("\n")) {
    if (!line.startsWith("|")) body = false;
    else if (/^\|[-| :]+\|$/.test(line)) body = true;
    else if (body)
      rows.push(
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      );
  }
  return rows;
}
