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
}

type Problem = Pick<StreamFault, "code" | "message">;

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const COLON = 0x3a;
const COMMA = 0x2c;

const structure = (message: string): Problem => ({ code: "json-structure", message });

/** The grammar of a JSON document around the array that holds its records: a frame per open container, no deeper than the path. */
export class DocumentShape {
  readonly #path: readonly string[];
  readonly #frames: Frame[] = [];
  #rootSeen = false;
  #inTarget = false;
  #found = false;
  #isOneRecord = false;
  /** A comma came last in the array: its end would be wrong now. */
  elementDue = false;

  /** @param inside go on within the array, after a comma when `due`. */
  constructor(path: readonly string[], inside: boolean, due: boolean) {
    this.#path = path;
    if (!inside) return;
    for (const key of path) this.#frames.push({ kind: "object", expect: "comma", onPath: true, key });
    this.#frames.push({ kind: "array", expect: "next", onPath: true, key: "" });
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
    if (!this.finished) return { code: "json-truncated", message: "the document ends before its brackets close" };
    if (!this.#found) return { code: "json-path", message: `there is no array at ${this.#path.join(".")}` };
    return null;
  }

  #open(kind: Frame["kind"], text: Buffer | null): Problem | null {
    if (!text || !isBlank(text)) return structure("text before a bracket");
    const parent = this.#frames.at(-1);
    if (!parent && this.#rootSeen) return structure("text after the document's end");
    if (parent && (parent.expect === "comma" || (parent.kind === "object" && parent.expect !== "value")))
      return structure("a bracket where none may stand");
    const depth = this.#frames.length;
    const onPath = parent ? parent.onPath && parent.kind === "object" && parent.key === this.#path[depth - 1] : true;
    this.#rootSeen = true;
    if (parent) parent.expect = "comma";
    this.#frames.push({ kind, expect: "first", onPath, key: "" });
    if (onPath && depth === this.#path.length) return this.#enter(kind);
    return null;
  }

  #enter(kind: Frame["kind"]): Problem | null {
    if (kind === "array") {
      if (this.#found) return { code: "json-path", message: "the path leads to two arrays" };
      this.#found = true;
      this.#inTarget = true;
      this.elementDue = false;
      return null;
    }
    if (this.#path.length > 0) return { code: "json-path", message: "the path leads to an object, not to an array" };
    this.#isOneRecord = true;
    return null;
  }

  #colon(text: Buffer | null): Problem | null {
    const frame = this.#frames.at(-1);
    if (frame?.kind !== "object" || (frame.expect !== "first" && frame.expect !== "next"))
      return structure("a colon where none may stand");
    const key = text && parseOne(text, 0);
    if (!key || !("value" in key) || typeof key.value !== "string") return structure("a key must be a string");
    frame.key = key.value;
    frame.expect = "value";
    return null;
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
