/** Rows on their way from the database thread: the columns' names once. */
export interface RowTable {
  columns: string[];
  rows: unknown[][];
}

/** The rows as objects; of two columns of one name the later counts. */
export function toRows<Row>({ columns, rows }: RowTable): Row[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let at = 0; at < columns.length; at++) row[columns[at] ?? ""] = values[at];
    return row as Row;
  });
}
