import { isBlank, parseOne } from "./json-text.ts";
import { excerptOf, type RecordReceiver, type RejectCode } from "./parser.ts";
import { BlockBuilder } from "./records.ts";

const NOTHING = new Uint8Array(0);

/** What becomes of a window's elements: records for the receiver's next block, or rejects. */
export class ElementBlock {
  readonly #receiver: RecordReceiver;
  readonly #rounded: readonly string[];
  readonly #lineAt: (offset: number) => number;
  #block: BlockBuilder;

  constructor(receiver: RecordReceiver, rounded: readonly string[], lineAt: (offset: number) => number) {
    this.#receiver = receiver;
    this.#rounded = rounded;
    this.#lineAt = lineAt;
    this.#block = new BlockBuilder(lineAt);
  }

  /** An element whose value is known. */
  add(value: unknown, offset: number): void {
    this.#block.add(value, offset, 0);
  }

  /** Parses an element by itself; `flags` are those of the event that ends it. */
  parse(text: Buffer, flags: number, offset: number): void {
    if (isBlank(text)) {
      this.refuse("malformed-json", "an element is missing", NOTHING, offset);
      return;
    }
    const parsed = parseOne(text, flags, this.#rounded, this.#receiver.describes());
    if ("value" in parsed) this.#block.add(parsed.value, offset, 0);
    else this.refuse(parsed.code, parsed.message, text, offset);
  }

  refuse(code: RejectCode, message: string, record: Uint8Array, offset: number): void {
    this.#receiver.reject(() => ({ line: this.#lineAt(offset), offset, code, message, excerpt: excerptOf(record) }));
  }

  /** Hands over the records so far; their lines are counted in the window that is there now. */
  flush(): void {
    if (this.#block.records.length === 0) return;
    this.#receiver.block(this.#block);
    this.#block = new BlockBuilder(this.#lineAt);
  }
}
