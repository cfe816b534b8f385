/** Lines of a golden file: the name, then what stands behind it. Comments begin with #. */
export const readGolden = (text: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [name = "", ...rest] = line.split(" ");
        return [name, rest];
      }),
  );
