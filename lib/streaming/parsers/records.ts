import { Doubtful } from "../../shared/long-number.ts";
import type { RecordBlock } from "./parser.ts";

/** A block under construction; `lines` may be a list, or computed when asked for. */
export class BlockBuilder implements RecordBlock {
  readonly records: unknown[] = [];
  readonly offsets: number[] = [];
  doubtful = false;
  readonly #lines: number[] = [];
  readonly #lineAt: ((offset: number) => number) | null;

  /** @param lineAt computes a line from an offset, where counting lines as they come would cost too much. */
  constructor(lineAt: ((offset: number) => number) | null = null) {
    this.#lineAt = lineAt;
  }

  add(record: unknown, offset: number, line: number): void {
    this.records.push(record);
    if (record instanceof Doubtful) this.doubtful = true;
    this.offsets.push(offset);
    if (!this.#lineAt) this.#lines.push(line);
  }

  lineOf(index: number): number {
    if (this.#lineAt) return this.#lineAt(this.offsets[index] ?? 0);
    return this.#lines[index] ?? 0;
  }
}
