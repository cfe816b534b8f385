/** Standings as lines of text. */
export interface StandingRow {
  readonly faction: string;
  readonly stars: number;
  readonly fleets: number;
  readonly ships: number;
  readonly treasury: bigint;
  readonly kills: number;
}

const HEADINGS = ["faction", "stars", "fleets", "ships", "treasury", "kills"] as const;

/** Most stars first. */
export function tableOf(standings: readonly StandingRow[]): string[] {
  const rows = [...standings]
    .sort((a, b) => b.stars - a.stars || b.ships - a.ships || (a.faction < b.faction ? -1 : 1))
    .map((row) => HEADINGS.map((heading) => String(row[heading])));
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [line(HEADINGS), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}
