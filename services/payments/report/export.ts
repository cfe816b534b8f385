/** Tables as CSV (RFC 4180) and JSON. 64-bit integers are decimal digits in CSV and decimal texts in JSON. */

export type Cell = string | number | bigint | boolean | null;
export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => Cell;
}

/** The head line, then a line per row, each with CRLF. */
export class CsvWriter<Row> {
  readonly #columns: readonly Column<Row>[];

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
  }

  begin(): string {
    return `${this.#columns.map(({ name }) => csvCell(name)).join(",")}\r\n`;
  }

  rows(rows: Iterable<Row>): string {
    let text = "";
    for (const row of rows) text += `${this.#columns.map(({ of }) => csvCell(of(row))).join(",")}\r\n`;
    return text;
  }

  end(): string {
    return "";
  }
}

/** An array of objects, one on a line; cells that are null are left out. */
export class JsonWriter<Row> {
  readonly #columns: readonly Column<Row>[];
  #first = true;

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
  }

  begin(): string {
    return "[";
  }

  rows(rows: Iterable<Row>): string {
    let text = "";
    for (const row of rows) {
      const cells = this.#columns.map(({ name, of }) => [name, of(row)] as const).filter(([, cell]) => cell !== null);
      const object = Object.fromEntries(cells.map(([name, cell]) => [name, jsonCell(cell)]));
      text += `${this.#first ? "\n" : ",\n"}${JSON.stringify(object)}`;
      this.#first = false;
    }
    return text;
  }

  end(): string {
    return this.#first ? "]\n" : "\n]\n";
  }
}

/** Quoted when it has a comma, a quote or a line end. Texts stay as they are: this is for programs, not for spreadsheets. */
export function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return typeof cell === "number" && !Number.isFinite(cell) ? "" : String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const jsonCell = (cell: Cell): string | number | boolean | null => {
  if (typeof cell === "bigint") return String(cell);
  return typeof cell === "number" && !Number.isFinite(cell) ? String(cell) : cell;
};
