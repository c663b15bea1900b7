import type { ValueTape } from "./value-tape.ts";

/**
 * What the records of a stream have in common: the text between their values, and how an object is made of these. Keys are
 * part of the text, also those of objects within; an array is a value.
 */
export interface RecordShape {
  /** Before each value, and after the last: one more than values. */
  literals: readonly string[];
  /** For each value, whether it is wanted: only these are on the tape. */
  kept: readonly boolean[];
  make: (tape: ValueTape) => unknown;
}

const MAX_TEXT = 16 * 1024;
const MAX_VALUES = 256;
const MAX_DEPTH = 8;
const SPACE = /\s*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const SCALAR = /[^\s,\]}]+/y;

/**
 * Learns the shape of one record from its text, which must be valid JSON.
 *
 * The code is made of the record's keys, each as a JSON string, and of nothing else of the input; `__proto__` as a computed
 * key, which is a key like any other. An object literal is filled several times as fast as an object that keys are added to.
 *
 * @param keys of the record that are wanted; null for all.
 * @param rounded those whose lists of numbers may be rounded.
 * @returns null for what has no shape worth keeping (no object, too large, a key twice), and where code from strings is forbidden.
 */
export function learnShape(
  text: string,
  keys: readonly string[] | null,
  rounded: readonly string[] = [],
): RecordShape | null {
  if (text.length > MAX_TEXT) return null;
  const reader = new ShapeReader(text, keys, rounded);
  const code = reader.read();
  if (code === null) return null;
  try {
    const make = new Function("tape", `"use strict";return ${code}`) as RecordShape["make"];
    return { literals: reader.literals, kept: reader.kept, make };
  } catch {
    return null;
  }
}

class ShapeReader {
  readonly literals: string[] = [];
  readonly kept: boolean[] = [];
  readonly #text: string;
  readonly #keys: readonly string[] | null;
  readonly #rounded: readonly string[];
  #at = 0;
  #literalStart = 0;

  constructor(text: string, keys: readonly string[] | null, rounded: readonly string[]) {
    this.#text = text.trim();
    this.#keys = keys;
    this.#rounded = rounded;
  }

  read(): string | null {
    const code = this.#text[0] === "{" ? this.#object(0, true) : null;
    this.literals.push(this.#text.slice(this.#literalStart));
    return this.literals.length > 1 ? code : null;
  }

  #object(depth: number, wanted: boolean): string | null {
    const members: string[] = [];
    const seen = new Set<string>();
    this.#at++;
    this.#skip(SPACE);
    while (this.#text[this.#at] !== "}") {
      const key: string = JSON.parse(this.#skip(STRING));
      if (seen.has(key)) return null;
      seen.add(key);
      this.#skip(SPACE);
      this.#at++;
      this.#skip(SPACE);
      const keep = wanted && (depth > 0 || this.#keys === null || this.#keys.includes(key));
      const nested = this.#text[this.#at] === "{" && depth < MAX_DEPTH;
      const value = nested
        ? this.#object(depth + 1, keep)
        : this.#value(keep, depth === 0 && this.#rounded.includes(key));
      if (value === null) return null;
      const name = JSON.stringify(key);
      if (keep) members.push(`${key === "__proto__" ? `[${name}]` : name}:${value}`);
      this.#skip(SPACE);
      if (this.#text[this.#at] !== ",") continue;
      this.#at++;
      this.#skip(SPACE);
    }
    this.#at++;
    return `{${members.join(",")}}`;
  }

  #value(keep: boolean, round: boolean): string | null {
    if (this.literals.length === MAX_VALUES) return null;
    this.kept.push(keep);
    this.literals.push(this.#text.slice(this.#literalStart, this.#at));
    let depth = 0;
    do {
      const character = this.#text[this.#at];
      if (character === "[" || character === "{") {
        depth++;
        this.#at++;
      } else if (character === "]" || character === "}") {
        depth--;
        this.#at++;
      } else if (character === "," || character === ":") this.#at++;
      else this.#skip(character === '"' ? STRING : SCALAR);
      if (depth > 0) this.#skip(SPACE);
    } while (depth > 0);
    this.#literalStart = this.#at;
    return round ? "tape.rounded()" : "tape.value()";
  }

  /** Goes on behind what `pattern` finds here; returns it. */
  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}
