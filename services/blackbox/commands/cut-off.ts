import type { CommandCall } from "#bus";
import type { Recording } from "../recording/recording.ts";

/** Says that files end in the middle: what is shown of them is what can be read, which must not look like all there was. */
export const noteCutOff = (call: CommandCall, { files }: Recording): void => {
  const cut = files.filter(({ complete }) => !complete).map(({ path }) => path);
  if (cut.length === 0) return;
  const names = `${cut.slice(0, 3).join(", ")}${cut.length > 3 ? ` and ${cut.length - 3} more` : ""}`;
  const verb = cut.length === 1 ? "ends" : "end";
  call.note(
    `${names} ${verb} in the middle (being written, or cut off): this is what can be read; see busbar log recover`,
  );
};
