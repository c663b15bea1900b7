import type { SqlValue, Statement } from "../../ports/database.ts";

/**
 * Statements on their way to the database thread: each text once, and all bytes one after another in one buffer, which is
 * moved there and back instead of copied. A buffer of its own for each value would be garbage outside of the heap, which
 * a thread collects late: 30 MB of it, before it was packed.
 */
export interface PackedStatements {
  texts: string[];
  /** Per statement: which text, and how many parameters. */
  shapes: Uint32Array;
  /** All parameters in order; `undefined` stands for the next bytes of `bytes`. */
  values: (string | number | null | undefined)[];
  lengths: number[];
  bytes: ArrayBuffer | null;
}

/** What the statements' bytes come to. */
export function bytesIn(statements: readonly Statement[]): number {
  let bytes = 0;
  for (const { params = [] } of statements)
    for (const value of params) if (value instanceof Uint8Array) bytes += value.byteLength;
  return bytes;
}

/** @param buffer of at least `bytesIn(statements)` bytes, or null when there are none. */
export function packStatements(statements: readonly Statement[], buffer: ArrayBuffer | null): PackedStatements {
  const texts = new Map<string, number>();
  const shapes = new Uint32Array(statements.length * 2);
  const values: PackedStatements["values"] = [];
  const lengths: number[] = [];
  const target = buffer ? new Uint8Array(buffer) : new Uint8Array(0);
  let at = 0;
  for (const [index, { sql, params = [] }] of statements.entries()) {
    const text = texts.get(sql) ?? texts.size;
    texts.set(sql, text);
    shapes[index * 2] = text;
    shapes[index * 2 + 1] = params.length;
    for (const value of params) {
      const isBytes = value instanceof Uint8Array;
      values.push(isBytes ? undefined : value);
      if (!isBytes) continue;
      target.set(value, at);
      at += value.byteLength;
      lengths.push(value.byteLength);
    }
  }
  return { texts: [...texts.keys()], shapes, values, lengths, bytes: buffer };
}

/** The statements again; their bytes are views of the buffer. */
export function* unpackStatements({ texts, shapes, values, lengths, bytes }: PackedStatements): Generator<Statement> {
  const source = bytes ?? new ArrayBuffer(0);
  let at = 0;
  let value = 0;
  let blob = 0;
  for (let shape = 0; shape < shapes.length; shape += 2) {
    const params: SqlValue[] = [];
    for (const end = value + (shapes[shape + 1] ?? 0); value < end; value++) {
      const scalar = values[value];
      if (scalar !== undefined) {
        params.push(scalar);
        continue;
      }
      const length = lengths[blob++] ?? 0;
      params.push(new Uint8Array(source, at, length));
      at += length;
    }
    yield { sql: texts[shapes[shape] ?? 0] ?? "", params };
  }
}
