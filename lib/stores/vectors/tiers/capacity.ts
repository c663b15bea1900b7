/**
 * Rows that a collection's only block has room for, one step up from `rows`: 1, 2, 4, 8, 12, 20, 32, 48, … From 4 on they are multiples of 4,
 * which the kernel's four streams take; a step is at most twice the rows, later half as many again.
 */
export function grownCapacity(rows: number): number {
  return rows < 4 ? Math.max(1, rows * 2) : rows + 4 * Math.ceil(rows / 8);
}

/** The room that is left when `count` rows of many more remain: twice as many, so that neither the next row nor the next removal moves them. */
export function shrunkCapacity(count: number): number {
  return count <= 1 ? 2 * count : 4 * Math.ceil(count / 2);
}
