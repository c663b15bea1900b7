import { compareNumbers } from "./exact-number.ts";

/** A number of a record that a double does not hold, as it was written. It is to be made text, rounded or refused; never kept. */
export class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** As numbers are compared: below 0 when it is less than `other`, above 0 when it is more. Equal they never are. */
  compare(other: number): number {
    return compareNumbers(this.text, String(other));
  }

  /** For excerpts of what is refused. */
  toJSON(): string {
    return this.text;
  }
}

/** Whether JSON would write `value` as another number. */
export const isDoubtful = (value: unknown): boolean => value instanceof LongNumber || Object.is(value, -0);

/** A record, or a part of one, that holds a number which is not kept as it is: a LongNumber, or -0. */
export class Doubtful {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** The keys that lead to the first number which would change; null when there is none. `value` is no deeper than JSON may be. */
export function doubtfulPath(value: unknown): (string | number)[] | null {
  if (isDoubtful(value)) return [];
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const path = doubtfulPath(inner);
    if (path) return [Array.isArray(value) ? Number(key) : key, ...path];
  }
  return null;
}
