import { Carry } from "./carry.ts";
import { decodeUtf8 } from "./json-text.ts";
import {
  excerptOf,
  type Parser,
  type ParserState,
  type RecordReceiver,
  type RejectCode,
  type StreamFault,
} from "./parser.ts";
import { BlockBuilder } from "./records.ts";

export interface TextOptions {
  receiver: RecordReceiver;
  /** Lines, or paragraphs: lines that no blank line parts. */
  by: "line" | "paragraph";
  from?: ParserState;
  maxRecordBytes?: number;
}

export interface TextRecord {
  /** The number of the line that it begins on. */
  id: string;
  text: string;
}

const NEWLINE = 0x0a;

/** Plain text. Empty lines are no records. */
export class TextParser implements Parser {
  readonly fault: StreamFault | null = null;
  readonly #receiver: RecordReceiver;
  readonly #paragraphs: boolean;
  readonly #carry: Carry;
  #offset: number;
  #line: number;
  /** The unfinished paragraph's line breaks so far, and whether its last byte was one with nothing but spaces after it. */
  #breaks = 0;
  #atLineStart = true;

  constructor({ receiver, by, from, maxRecordBytes }: TextOptions) {
    this.#receiver = receiver;
    this.#paragraphs = by === "paragraph";
    this.#carry = new Carry(maxRecordBytes);
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
  }

  get heldBytes(): number {
    return this.#carry.heldBytes;
  }

  dropRecord(): void {
    this.#carry.overflow();
  }

  get state(): ParserState {
    return { offset: this.#offset, line: this.#line, extra: {} };
  }

  push(bytes: Uint8Array): void {
    const block = new BlockBuilder();
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      this.#breaks++;
      if (this.#paragraphs && !this.#closesParagraph(bytes, start, at)) continue;
      this.#finish(bytes.subarray(start, at + 1), block);
      start = at + 1;
    }
    if (start < bytes.length) this.#carry.append(bytes.subarray(start));
    if (this.#paragraphs) this.#atLineStart = this.#lineIsBlankSoFar(bytes);
    if (block.records.length > 0) this.#receiver.block(block);
  }

  end(): void {
    if (!this.#carry.active) return;
    const block = new BlockBuilder();
    this.#finish(Buffer.alloc(0), block);
    if (block.records.length > 0) this.#receiver.block(block);
  }

  /** True when the line that ends at `at` is blank. */
  #closesParagraph(bytes: Uint8Array, start: number, at: number): boolean {
    for (let back = at - 1; back >= 0; back--) {
      const byte = bytes[back];
      if (byte === NEWLINE) return true;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
      if (back < start) return true;
    }
    return this.#atLineStart;
  }

  #lineIsBlankSoFar(bytes: Uint8Array): boolean {
    for (let back = bytes.length - 1; back >= 0; back--) {
      const byte = bytes[back];
      if (byte === NEWLINE) return true;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
    }
    return this.#atLineStart;
  }

  #finish(rest: Uint8Array, block: BlockBuilder): void {
    const carry = this.#carry;
    carry.append(rest);
    const length = carry.seenBytes;
    if (carry.tooLarge) this.#refuse("record-too-large", `${length} bytes without a break`, carry.head);
    else this.#take(carry.take(), block);
    carry.clear();
    this.#offset += length;
    this.#line += this.#breaks;
    this.#breaks = 0;
  }

  #take(bytes: Buffer, block: BlockBuilder): void {
    const decoded = decodeUtf8(bytes);
    if (decoded === null) {
      this.#refuse("invalid-utf8", "not valid UTF-8", bytes);
      return;
    }
    const text = decoded.replace(/\r?\n$/, "");
    const trimmed = this.#paragraphs ? text.trim() : text;
    if (trimmed.trim() !== "")
      block.add({ id: String(this.#line), text: trimmed } satisfies TextRecord, this.#offset, this.#line);
  }

  #refuse(code: RejectCode, message: string, record: Uint8Array): void {
    const [line, offset] = [this.#line, this.#offset];
    this.#receiver.reject(() => ({ line, offset, code, message, excerpt: excerptOf(record) }));
  }
}
