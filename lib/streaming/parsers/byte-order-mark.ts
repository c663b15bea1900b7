/** How a text begins, as far as its first four bytes tell. */
export interface TextStart {
  encoding: string | null;
  /** Bytes of the mark. */
  markBytes: number;
}

const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  // Before UTF-16, whose mark it begins with.
  ["utf-32le", [0xff, 0xfe, 0, 0]],
  ["utf-32be", [0, 0, 0xfe, 0xff]],
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Whether so many bytes are enough to be sure: most texts are told by two. */
export function isStartKnown(bytes: Uint8Array): boolean {
  if (bytes.length >= 4) return true;
  const [first, second] = bytes;
  const mayBeMark = first === 0 || MARKS.some(([, [byte]]) => byte === first);
  return bytes.length >= 2 && !mayBeMark && second !== 0;
}

/** By the byte-order mark. Without one, two ASCII characters with zeros between are UTF-16: no text begins with a NUL. */
export function readStart(bytes: Uint8Array): TextStart {
  for (const [encoding, mark] of MARKS) {
    if (mark.every((byte, index) => bytes[index] === byte)) return { encoding, markBytes: mark.length };
  }
  const [a, b, c, d] = bytes;
  if (a && b === 0 && c && d === 0) return { encoding: "utf-16le", markBytes: 0 };
  if (a === 0 && b && c === 0 && d) return { encoding: "utf-16be", markBytes: 0 };
  return { encoding: null, markBytes: 0 };
}
