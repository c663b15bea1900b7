import { scanWasm } from "./scan.wasm.ts";

/** What the module exports; `wasm/` has the sources. */
interface ScanExports {
  memory: WebAssembly.Memory;
  INPUT: WebAssembly.Global;
  EVENTS: WebAssembly.Global;
  OUTPUT: WebAssembly.Global;
  WINDOW: WebAssembly.Global;
  SHAPES: WebAssembly.Global;
  SHAPE_STRIDE: WebAssembly.Global;
  readElements(shape: number, first: number, last: number, start: number): number;
  readRecords(shape: number, start: number, length: number, terminator: number): number;
  scanLines(from: number, length: number): number;
  resetDocument(startDepth: number): void;
  scanDocument(from: number, length: number, shallow: number, once: boolean): number;
  documentBrokenAt(): number;
  countBreaks(from: number, to: number): number;
  countColons(from: number, to: number): number;
  scanCsv(length: number, delimiter: number, wide: boolean): number;
  csvRows(): number;
  csvViolated(): number;
  allFinite(from: number, length: number): number;
}

/** Flags of an event, as `wasm/layout.as.ts` numbers them. */
export const IRREGULAR = 1 << 24;
export const DEEP = 1 << 25;
export const ODD_NUMBER = 1 << 26;
export const BLANK = 1 << 27;
export const HAS_BREAK = 1 << 25;
export const QUOTE_WITHIN = 1 << 26;
export const HAS_QUOTE = 1 << 27;
export const NOT_ASCII = 1 << 28;
export const ROW_END = 1 << 29;
/** The part of an event that is a position. */
export const POSITION = 0xff_ffff;

/** A parser is given at most this many bytes at a time. */
export const WINDOW_BYTES = 256 * 1024;

export interface DocumentScan {
  from: number;
  length: number;
  shallow: number;
  once: boolean;
}

let compiled: WebAssembly.Module | undefined;

function scanModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(scanWasm, "base64"));
  return compiled;
}

/** The module's exports are typed by hand, since WebAssembly has no types of its own; the parsers' tests call each of them. */
function instantiate(): ScanExports {
  return new WebAssembly.Instance(scanModule(), {}).exports as unknown as ScanExports;
}

/** One parser's own instance of the scanning module: a window of input, and what the last scan found in it. */
export class Scanner {
  readonly #exports = instantiate();
  readonly #input: number = this.#exports.INPUT.value;
  readonly #memory = Buffer.from(this.#exports.memory.buffer);
  /** The window, with one byte before it that may be written to. Positions of events count from `origin`. */
  readonly bytes = this.#memory;
  readonly origin = this.#input;
  readonly events = new Uint32Array(this.#exports.memory.buffer, this.#exports.EVENTS.value, WINDOW_BYTES + 64);
  readonly rowEnds = new Uint32Array(this.#exports.memory.buffer, this.#exports.OUTPUT.value, WINDOW_BYTES + 64);
  readonly output: number = this.#exports.OUTPUT.value;
  /** Values that the tape at `output` has room for, of 16 bytes each. */
  readonly tapeEntries = (WINDOW_BYTES + 64) / 4;
  readonly shapeSlots = 4;

  /** Copies `bytes` (at most WINDOW_BYTES) into the window. */
  load(bytes: Uint8Array): void {
    if (bytes.length > WINDOW_BYTES) throw new RangeError(`a window holds ${WINDOW_BYTES} bytes, not ${bytes.length}`);
    this.#memory.set(bytes, this.#input);
  }

  /**
   * Puts a shape into a slot.
   * @param kept for each value, whether it goes on the tape.
   * @returns false when it is too long: the slot is as it was.
   */
  writeShape(slot: number, literals: readonly string[], kept: readonly boolean[]): boolean {
    const encoded = literals.map((literal) => Buffer.from(literal));
    const stride: number = this.#exports.SHAPE_STRIDE.value;
    const base = this.#exports.SHAPES.value + slot * stride;
    const size = encoded.reduce((sum, { length }) => sum + 16 + Math.ceil(length / 16) * 32, 16);
    if (size > stride) return false;
    this.#memory.fill(0, base, base + size);
    this.#memory.writeUInt32LE(encoded.length - 1, base);
    let at = base + 16;
    encoded.forEach((literal, index) => {
      this.#memory.writeUInt32LE(literal.length, at);
      this.#memory.writeUInt32LE(kept[index] === false ? 1 : 0, at + 4);
      at += 16;
      for (let done = 0; done < literal.length; done += 16, at += 32) {
        const block = literal.subarray(done, done + 16);
        this.#memory.set(block, at);
        this.#memory.fill(0xff, at + 16, at + 16 + block.length);
      }
    });
    return true;
  }

  /** Reads elements that end at events [first, last) as far as they have the shape in `slot`. */
  readElements(slot: number, first: number, last: number, start: number): number {
    return this.#exports.readElements(slot, first, last, start);
  }

  /** Reads records from `start` on, each with the byte `terminator` behind it, as far as they have the shape in `slot`; their ends are the events. */
  readRecords(slot: number, start: number, length: number, terminator: number): number {
    return this.#exports.readRecords(slot, start, length, terminator);
  }

  /** @param from where in the window a line begins. */
  scanLines(from: number, length: number): number {
    return this.#exports.scanLines(from, length);
  }

  resetDocument(startDepth: number): void {
    this.#exports.resetDocument(startDepth);
  }

  /** What the parameters mean, `wasm/document.as.ts` says. */
  scanDocument({ from, length, shallow, once }: DocumentScan): number {
    return this.#exports.scanDocument(from, length, shallow, once);
  }

  /** Position of a line break inside a string, after which nothing can be trusted; the window's length when there is none. */
  get documentBrokenAt(): number {
    return this.#exports.documentBrokenAt();
  }

  /** Line breaks in the window's bytes [from, to). */
  countBreaks(from: number, to: number): number {
    return this.#exports.countBreaks(from, to);
  }

  /** Colons outside of strings in `bytes` [from, to): as many as keys. */
  countColons(from: number, to: number): number {
    return this.#exports.countColons(from, to);
  }

  scanCsv(length: number, delimiter: number, wide: boolean): { events: number; rows: number; violated: boolean } {
    const events = this.#exports.scanCsv(length, delimiter, wide);
    return { events, rows: this.#exports.csvRows(), violated: this.#exports.csvViolated() !== 0 };
  }

  allFinite(from: number, length: number): boolean {
    return this.#exports.allFinite(from, length) !== 0;
  }
}
