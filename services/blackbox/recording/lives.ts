import type { RecordingFile } from "./file.ts";

/**
 * Files by the life of the recorder that wrote them: each life counts its messages from the start, over all of its files. Files of other
 * writers, which do not say where they begin, are lives of their own.
 * @param files in their order
 */
export function livesOf(files: readonly RecordingFile[]): RecordingFile[][] {
  const lives: RecordingFile[][] = [];
  for (const file of files) {
    const before = lives.at(-1)?.at(-1);
    const goesOn = file.recording.has("first") && before?.recording.has("first") && file.first > before.first;
    if (goesOn) lives.at(-1)!.push(file);
    else lives.push([file]);
  }
  return lives;
}

/** For who looks at several lives as one. @returns undefined when there is one */
export function livesNote(files: readonly RecordingFile[]): string | undefined {
  const lives = livesOf(files);
  if (lives.length < 2) return undefined;
  const begins = lives.slice(1).map(([file]) => file!.path);
  return `of ${lives.length} lives of a recorder together (anew with ${begins.slice(0, 3).join(", ")}${begins.length > 3 ? " and more" : ""}); name a file to see one`;
}
