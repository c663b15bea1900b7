import { jsonPointer } from "../../shared/json.ts";
import { isBlank, parseOne } from "./json-text.ts";
import type { StreamFault } from "./parser.ts";

type Expect = "first" | "next" | "value" | "comma";

interface Frame {
  kind: "object" | "array";
  /** `first`: a key, an element or the end; `next`: a key or an element; `value`: after a colon; `comma`: a comma or the end. */
  expect: Expect;
  /** The containers down to here are the ones that the path names. */
  onPath: boolean;
  key: string;
  /** The path leads to it, and its values are the records. */
  values: boolean;
  /** Keys so far. Where the values are records nothing is lost by a key that comes again. */
  seen: Set<string>;
}

type Problem = Pick<StreamFault, "code" | "message">;

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const COLON = 0x3a;
const COMMA = 0x2c;

const REPEATED = "an object repeats a key";
const TWO_PLACES: Problem = { code: "json-path", message: "the path matches two places in the document" };
/** Characters of keys remembered in the objects around the records: beyond them a key that comes again is not noticed. */
const REMEMBERED = 256 * 1024;

const structure = (message: string): Problem => ({ code: "json-structure", message });

/** The grammar of JSON documents, one behind another, around what holds their records: a frame per open container, no deeper than the path. */
export class DocumentShape {
  readonly #path: readonly string[];
  readonly #frames: Frame[] = [];
  #rootSeen = false;
  #inTarget = false;
  #found = false;
  #remembered = 0;
  #isOneRecord = false;
  /** A comma came last in the array: its end would be wrong now. */
  elementDue = false;

  /** @param inside go on within the array, after a comma when `due`. */
  constructor(path: readonly string[], inside: boolean, due: boolean) {
    this.#path = path;
    if (!inside) return;
    for (const key of path)
      this.#frames.push({ kind: "object", expect: "comma", onPath: true, key, values: false, seen: new Set() });
    this.#frames.push({ kind: "array", expect: "next", onPath: true, key: "", values: false, seen: new Set() });
    this.#rootSeen = true;
    this.#inTarget = true;
    this.#found = true;
    this.elementDue = due;
  }

  get depth(): number {
    return this.#frames.length;
  }

  get inTarget(): boolean {
    return this.#inTarget;
  }

  /** The document is one record: no path was given, and the root is no array. */
  get isOneRecord(): boolean {
    return this.#isOneRecord;
  }

  /** What comes next is the value of an object whose values are the records. */
  get valueDue(): boolean {
    const frame = this.#frames.at(-1);
    return frame?.values === true && frame.expect === "value";
  }

  /** The document that was one record has been taken as a whole. */
  endRecord(): void {
    this.#frames.length = 0;
    this.#isOneRecord = false;
  }

  /** The input has ended without a bracket: what there was is one value. */
  endedWithoutBrackets(): boolean {
    return !this.#rootSeen && this.#path.length === 0;
  }

  get finished(): boolean {
    return this.#rootSeen && this.#frames.length === 0;
  }

  /** Takes the structural `byte`, before which `text` stood (null: too long to hold, so its value is not checked). */
  take(byte: number, text: Buffer | null): Problem | null {
    if (byte === COLON) return this.#colon(text);
    if (byte === COMMA) return this.#comma(text);
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return this.#open(byte === OPEN_OBJECT ? "object" : "array", text);
    return this.#close(byte === 0x7d ? "object" : "array", text);
  }

  atEnd(): Problem | null {
    if (!this.finished) return { code: "json-truncated", message: "the document ends before all brackets are closed" };
    return this.#found ? null : this.#notFound();
  }

  #notFound(): Problem {
    return { code: "json-path", message: `no array or object found at ${jsonPointer(this.#path)}` };
  }

  #open(kind: Frame["kind"], text: Buffer | null): Problem | null {
    if (!text || !isBlank(text)) return structure("text before a bracket");
    const parent = this.#frames.at(-1);
    if (!parent && this.#rootSeen) {
      if (!this.#found) return this.#notFound();
      this.#found = false;
    }
    if (parent && (parent.expect === "comma" || (parent.kind === "object" && parent.expect !== "value")))
      return structure("a bracket in a wrong place");
    const depth = this.#frames.length;
    const onPath = parent ? parent.onPath && parent.kind === "object" && parent.key === this.#path[depth - 1] : true;
    this.#rootSeen = true;
    if (parent) parent.expect = "comma";
    this.#frames.push({ kind, expect: "first", onPath, key: "", values: false, seen: new Set() });
    if (onPath && depth === this.#path.length) return this.#enter(kind);
    return null;
  }

  #enter(kind: Frame["kind"]): Problem | null {
    if (this.#found) return TWO_PLACES;
    this.#found = true;
    if (kind === "array") {
      this.#inTarget = true;
      this.elementDue = false;
      return null;
    }
    const frame = this.#frames.at(-1);
    if (frame && this.#path.length > 0) frame.values = true;
    else this.#isOneRecord = true;
    return null;
  }

  #colon(text: Buffer | null): Problem | null {
    const frame = this.#frames.at(-1);
    if (frame?.kind !== "object" || (frame.expect !== "first" && frame.expect !== "next"))
      return structure("a colon in a wrong place");
    const key = text && parseOne(text, 0);
    if (!key || !("value" in key) || typeof key.value !== "string") return structure("a key must be a string");
    if (!frame.values && this.#isRepeated(frame, key.value))
      return frame.onPath && key.value === this.#path[this.#frames.length - 1] ? TWO_PLACES : structure(REPEATED);
    frame.key = key.value;
    frame.expect = "value";
    return null;
  }

  #isRepeated({ seen }: Frame, key: string): boolean {
    if (seen.has(key)) return true;
    const size = key.length + 1;
    if (this.#remembered + size <= REMEMBERED) {
      seen.add(key);
      this.#remembered += size;
    }
    return false;
  }

  #comma(text: Buffer | null): Problem | null {
    const frame = this.#frames.at(-1);
    if (!frame) return structure("a comma outside of the document");
    const problem = this.#valueBefore(frame, text);
    frame.expect = "next";
    return problem;
  }

  #close(kind: Frame["kind"], text: Buffer | null): Problem | null {
    const frame = this.#frames.pop();
    for (const key of frame?.seen ?? []) this.#remembered -= key.length + 1;
    if (frame?.kind !== kind) return structure("a bracket that closes nothing");
    const wasTarget = this.#inTarget;
    this.#inTarget = false;
    // The elements of the wanted array were taken by themselves.
    if (wasTarget) return null;
    if (frame.expect === "first" && text && isBlank(text)) return null;
    if (frame.kind === "object" && frame.expect === "next") return structure("a key is missing");
    return this.#valueBefore(frame, text);
  }

  #valueBefore(frame: Frame, text: Buffer | null): Problem | null {
    if (text === null) return frame.expect === "comma" ? structure("two values without a comma") : null;
    if (frame.expect === "comma") return isBlank(text) ? null : structure("two values without a comma");
    if (frame.kind === "object" && frame.expect !== "value") return structure("a key without a value");
    return "value" in parseOne(text, 0) ? null : structure("a malformed value");
  }
}
