const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);
/** A first line longer than this ends with a line feed, or never: it is not looked through any further. */
const LONGEST_LOOK = 256 * 1024;

/**
 * Makes line feeds of the carriage returns that end lines alone. The first line's end tells whether they do: text whose first line
 * ends with a line feed passes through untouched, at no cost.
 */
export class LineEnds {
  #kind: "unknown" | "feeds" | "returns" = "unknown";
  /** A return whose next byte is not known. */
  #held: Buffer = NOTHING;
  #looked = 0;

  take(bytes: Uint8Array): Uint8Array {
    if (this.#kind === "feeds") return bytes;
    const all = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = NOTHING;
    if (this.#kind === "unknown") this.#kind = this.#looked >= LONGEST_LOOK ? "feeds" : kindOf(all);
    this.#looked += bytes.length;
    if (this.#kind === "feeds") return all;
    const open = all[all.length - 1] === RETURN;
    if (open) this.#held = Buffer.of(RETURN);
    const known = open ? all.subarray(0, -1) : all;
    return this.#kind === "returns" ? translate(known) : known;
  }

  /** The input has ended: a return that was its last byte ended a line. */
  end(): Buffer {
    const left = this.#held.length > 0 ? Buffer.of(NEWLINE) : NOTHING;
    this.#held = NOTHING;
    return left;
  }
}

function kindOf(bytes: Uint8Array): "unknown" | "feeds" | "returns" {
  const feed = bytes.indexOf(NEWLINE);
  const firstReturn = (feed < 0 ? bytes : bytes.subarray(0, feed)).indexOf(RETURN);
  if (firstReturn >= 0 && firstReturn < (feed < 0 ? bytes.length : feed) - 1) return "returns";
  return feed < 0 ? "unknown" : "feeds";
}

function translate(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes);
  for (let at = text.indexOf(RETURN); at >= 0; at = text.indexOf(RETURN, at + 1)) {
    if (text[at + 1] !== NEWLINE) text[at] = NEWLINE;
  }
  return text;
}
