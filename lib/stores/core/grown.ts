type Column = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** The column with room for `length` values; the new ones are 0. */
export function grown<C extends Column>(column: C, length: number): C {
  const larger = new (column.constructor as new (length: number) => C)(length);
  larger.set(column);
  return larger;
}
