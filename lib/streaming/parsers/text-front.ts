import { WINDOW_BYTES } from "../scan/scanner.ts";
import { isStartKnown, readStart } from "./byte-order-mark.ts";
import { LineEnds } from "./line-ends.ts";
import type { Parser, ParserState, StreamFault } from "./parser.ts";
import { createTranscoder, type Transcoder } from "./transcode.ts";

export interface TextFrontOptions {
  /** Of text without a byte-order mark, as TextDecoder names it. */
  encoding?: string;
  from?: ParserState;
  /** Lines may end with CR: for formats that do not see to that themselves. */
  lineEnds: boolean;
  /** The format's parser, which is given UTF-8 without a mark. */
  open: (from: ParserState) => Parser;
}

const NOTHING = Buffer.alloc(0);

/**
 * What stands before the parser of any text: the byte-order mark is taken off, and other encodings become UTF-8. UTF-8 passes
 * through as it is, so that offsets are the body's own; in other encodings they count bytes of the UTF-8.
 */
export class TextFront implements Parser {
  readonly #options: TextFrontOptions;
  readonly #lineEnds: LineEnds | null;
  /** Bytes that do not tell enough yet. */
  #held: Buffer = NOTHING;
  #inner: Parser | null = null;
  #encoding: string | null = null;
  #transcoder: Transcoder | null = null;
  /** Bytes of UTF-8 that an earlier run has dealt with. */
  #skip = 0;
  #fault: StreamFault | null = null;

  constructor(options: TextFrontOptions) {
    this.#options = options;
    this.#lineEnds = options.lineEnds ? new LineEnds() : null;
    const { from } = options;
    if (!from || from.offset === 0) return;
    // Other encodings are read from their start again: only there is it known where characters begin.
    const encoding = from.extra.encoding ?? "utf-8";
    if (isUtf8Name(encoding)) this.#begin(encoding, from);
  }

  get fault(): StreamFault | null {
    return this.#fault ?? this.#inner?.fault ?? null;
  }

  get heldBytes(): number {
    return this.#held.length + (this.#inner?.heldBytes ?? 0);
  }

  get state(): ParserState {
    if (!this.#inner) return this.#options.from ?? { offset: 0, line: 1, extra: {} };
    const { offset, line, extra } = this.#inner.state;
    const plain = this.#encoding === "utf-8" && this.#options.encoding === undefined;
    return { offset, line, extra: plain || this.#encoding === null ? extra : { ...extra, encoding: this.#encoding } };
  }

  dropRecord(): void {
    this.#inner?.dropRecord();
  }

  push(bytes: Uint8Array): void {
    if (this.fault) return;
    if (this.#inner) this.#take(bytes);
    else {
      const known = Buffer.concat([this.#held, bytes]);
      const settled = isStartKnown(known);
      this.#held = settled ? NOTHING : known;
      if (settled) this.#start(known);
    }
  }

  end(): void {
    if (!this.#inner && !this.fault) this.#start(this.#held);
    this.#held = NOTHING;
    if (this.fault) return;
    if (this.#transcoder) this.#passOn(this.#transcoder.end());
    const left = this.#lineEnds?.end();
    if (left && left.length > 0) this.#inner?.push(left);
    this.#inner?.end();
  }

  #start(bytes: Buffer): void {
    const { from, encoding: given } = this.#options;
    const { encoding, markBytes } = readStart(bytes);
    const guessed = markBytes === 0;
    const name = (guessed ? (given ?? encoding) : encoding) ?? "utf-8";
    if (name.startsWith("utf-32")) {
      this.#fault = { code: "unsupported-encoding", message: "UTF-32 is not supported", line: 1, offset: 0 };
      return;
    }
    const fresh = !from || from.offset === 0;
    const extra = from?.extra ?? {};
    this.#begin(name, fresh ? { offset: isUtf8Name(name) ? markBytes : 0, line: 1, extra } : from);
    if (this.#transcoder && from) this.#skip = from.offset;
    this.#take(bytes.subarray(markBytes));
  }

  #begin(encoding: string, from: ParserState): void {
    this.#encoding = encoding;
    this.#transcoder = isUtf8Name(encoding) ? null : createTranscoder(encoding);
    this.#inner = this.#options.open(from);
  }

  #take(bytes: Uint8Array): void {
    this.#passOn(this.#transcoder ? this.#transcoder.write(bytes) : bytes);
  }

  #passOn(bytes: Uint8Array): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    const wanted = skipped === 0 ? bytes : bytes.subarray(skipped);
    const text = this.#lineEnds ? this.#lineEnds.take(wanted) : wanted;
    for (let at = 0; at < text.length; at += WINDOW_BYTES)
      this.#inner?.push(text.length <= WINDOW_BYTES ? text : text.subarray(at, at + WINDOW_BYTES));
  }
}

const isUtf8Name = (encoding: string): boolean => encoding === "utf-8";
