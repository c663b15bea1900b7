/** Turns text of one encoding into UTF-8, whatever the chunks. */
export interface Transcoder {
  write(bytes: Uint8Array): Buffer;
  /** What the input's last bytes still are. */
  end(): Buffer;
}

/** Stands for bytes that are no text in their encoding: it is never part of UTF-8, so the record that has it is refused. */
const NO_TEXT = Buffer.of(0xff);
const NOTHING = Buffer.alloc(0);
const REPLACEMENT = "\uFFFD";
const LONE_SURROGATE = /\p{Surrogate}/u;
const MULTI_BYTE: ReadonlySet<string> = new Set([
  "gbk",
  "gb18030",
  "big5",
  "euc-jp",
  "iso-2022-jp",
  "shift_jis",
  "euc-kr",
]);

/** @param encoding as TextDecoder names it, other than `utf-8`. */
export function createTranscoder(encoding: string): Transcoder {
  if (encoding === "utf-16le" || encoding === "utf-16be") return new Utf16(encoding === "utf-16be");
  return MULTI_BYTE.has(encoding) ? new MultiByte(encoding) : new SingleByte(encoding);
}

/** UTF-8 of `text`, in which what `gap` finds is no text. */
function encode(text: string, gap: RegExp | string): Buffer {
  const parts = text.split(gap).map((part) => Buffer.from(part, "utf8"));
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [NO_TEXT, part])));
}

class Utf16 implements Transcoder {
  readonly #swapped: boolean;
  /** Half of a unit, or of a pair. */
  #left: Buffer = NOTHING;

  constructor(swapped: boolean) {
    this.#swapped = swapped;
  }

  write(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#left, bytes]);
    let whole = all.length - (all.length % 2);
    const highByte = all[this.#swapped ? whole - 2 : whole - 1] ?? 0;
    if (whole > 0 && highByte >= 0xd8 && highByte < 0xdc) whole -= 2;
    this.#left = Buffer.from(all.subarray(whole));
    const units = all.subarray(0, whole);
    if (this.#swapped) units.swap16();
    const text = units.toString("utf16le");
    return text.isWellFormed() ? Buffer.from(text, "utf8") : encode(text, LONE_SURROGATE);
  }

  end(): Buffer {
    return this.#left.length > 0 ? NO_TEXT : NOTHING;
  }
}

/**
 * By a table, made a byte at a time with a decoder that throws and streams: Node's others take windows-1252 for Latin-1 in some
 * versions, so that a euro sign would become a control character.
 */
class SingleByte implements Transcoder {
  readonly #table: readonly Buffer[];

  constructor(encoding: string) {
    this.#table = Array.from({ length: 256 }, (_, byte) => {
      try {
        const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
        return Buffer.from(decoder.decode(Uint8Array.of(byte), { stream: true }), "utf8");
      } catch {
        return NO_TEXT;
      }
    });
  }

  write(bytes: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(bytes.length * 3);
    let length = 0;
    for (const byte of bytes) {
      if (byte < 0x80) out[length++] = byte;
      else for (const part of this.#table[byte] ?? NO_TEXT) out[length++] = part;
    }
    return out.subarray(0, length);
  }

  end(): Buffer {
    return NOTHING;
  }
}

class MultiByte implements Transcoder {
  readonly #decoder: TextDecoder;

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
  }

  write(bytes: Uint8Array): Buffer {
    return encode(this.#decoder.decode(bytes, { stream: true }), REPLACEMENT);
  }

  end(): Buffer {
    return encode(this.#decoder.decode(), REPLACEMENT);
  }
}
