import type { Scanner } from "../scan/scanner.ts";

/** Which line an offset of the present window is on. Offsets are asked for in order, mostly, so it counts on from the last. */
export class WindowLines {
  readonly #scanner: Scanner;
  /** Offset of the window, and the line that it begins on. */
  #base: number;
  #line: number;
  #bytes = 0;
  /** Line breaks in the window's first bytes. */
  #countedBytes = 0;
  #counted = 0;
  #heldLine = 1;

  constructor(scanner: Scanner, offset: number, line: number) {
    this.#scanner = scanner;
    this.#base = offset;
    this.#line = line;
  }

  get base(): number {
    return this.#base;
  }

  /** The scanner has a window of so many bytes. */
  begin(bytes: number): void {
    this.#bytes = bytes;
  }

  /** Keeps the line of what this window begins and a later one ends. */
  hold(offset: number): void {
    this.#heldLine = this.at(offset);
  }

  /** Line of an offset of the window, or of what was begun before it. */
  of(offset: number): number {
    return offset < this.#base ? this.#heldLine : this.at(offset);
  }

  /** Line of an offset that is not before the window; of one behind it, the line on which the window ends. */
  at(offset: number): number {
    const end = Math.min(offset - this.#base, this.#bytes);
    if (end < this.#countedBytes) this.#counted -= this.#scanner.countBreaks(end, this.#countedBytes);
    else this.#counted += this.#scanner.countBreaks(this.#countedBytes, end);
    this.#countedBytes = end;
    return this.#line + this.#counted;
  }

  /** The window is done with. */
  end(): void {
    this.#line = this.at(this.#base + this.#bytes);
    this.#base += this.#bytes;
    this.#bytes = 0;
    this.#countedBytes = 0;
    this.#counted = 0;
  }
}
