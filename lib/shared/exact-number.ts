const ZERO = 0x30;
const NINE = 0x39;

/**
 * Whether a JSON number keeps its exact value as a double: `0.10` does (it prints as 0.1), 9007199254740993 does not,
 * nor does `-0`, which JSON would print as 0. O(length).
 */
export function isExact(number: string): boolean {
  const value = Number(number);
  const printed = String(value);
  if (printed === number) return true;
  if (!Number.isFinite(value) || Object.is(value, -0)) return false;
  const [written, kept] = [toDecimal(number), toDecimal(printed)];
  return written.digits === kept.digits && (written.digits === "" || written.exponent === kept.exponent);
}

/**
 * The digits of a number without an exponent, as an id is written: 1e21 is 1 and 21 zeros. Null beyond `longest`
 * characters.
 */
export function plainDigits(number: string, longest: number): string | null {
  const sign = number.startsWith("-") ? "-" : "";
  const { digits, exponent } = toDecimal(number);
  if (digits === "") return `${sign}0`;
  const point = digits.length + exponent;
  if (digits.length + Math.abs(exponent) > longest * 2) return null;
  let plain: string;
  if (exponent >= 0) plain = digits + "0".repeat(exponent);
  else if (point > 0) plain = `${digits.slice(0, point)}.${digits.slice(point)}`;
  else plain = `0.${"0".repeat(-point)}${digits}`;
  return sign.length + plain.length > longest ? null : sign + plain;
}

/** Compares two numbers by their value, whatever their digits. */
export function compareNumbers(left: string, right: string): number {
  const [a, b] = [toDecimal(left), toDecimal(right)];
  const signOf = (text: string, { digits }: { digits: string }) => (digits === "" ? 0 : text.startsWith("-") ? -1 : 1);
  const [sign, other] = [signOf(left, a), signOf(right, b)];
  if (sign !== other || sign === 0) return sign - other;
  const size = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (size !== 0) return sign * size;
  // Digits behind the same point, with no zero at the end: they are in order as text.
  return sign * (a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0);
}

/** A number's value without its sign: `digits` × 10^`exponent`, with no zero at either end; no digits are zero. */
function toDecimal(number: string): { digits: string; exponent: number } {
  const letter = number.search(/e/i);
  const mantissa = letter < 0 ? number : number.slice(0, letter);
  const point = mantissa.indexOf(".");
  const all = mantissa.replace(/[-+.]/g, "");
  let start = 0;
  while (all.charCodeAt(start) === ZERO) start++;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === ZERO) end--;
  const fraction = point < 0 ? 0 : mantissa.length - point - 1;
  const power = letter < 0 ? 0 : Number(number.slice(letter + 1));
  return { digits: all.slice(start, end), exponent: power - fraction + all.length - end };
}

/** A number in a JSON text that a double cannot represent, and its path of keys. */
export interface InexactNumber {
  path: readonly (string | number)[];
  number: string;
}

interface Frame {
  /** Position of the current key's quote, in an object. */
  key: number;
  /** Index of the current element, in a list; -1 in an object. */
  index: number;
}

/** Lists that hold neither lists, nor objects, nor text. */
const FLAT = /[^[\]{}"]*\]/y;
const NUMBER = /[-+.\deE]+/y;

/**
 * Finds the numbers in a JSON text whose value would change as a double. O(n) time, O(depth) space.
 *
 * @param text valid JSON.
 * @param rounded paths of lists whose numbers may be rounded, such as `["points", "*", "vector"]`; `*` is any element.
 * @param most maximum number of results.
 */
export function findInexact(text: string, rounded: readonly (readonly string[])[], most: number): InexactNumber[] {
  const found: InexactNumber[] = [];
  const frames: Frame[] = [];
  let frame: Frame | undefined;
  let keyNext = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      if (keyNext && frame) frame.key = at;
      at = endOfText(text, at);
    } else if (code === 0x2d || (code >= ZERO && code <= NINE)) {
      NUMBER.lastIndex = at;
      const number = NUMBER.exec(text)?.[0] ?? "";
      if (!isExact(number) && found.push({ path: pathOf(text, frames), number }) === most) return found;
      at += number.length - 1;
    } else if (code === 0x2c) {
      if (frame && frame.index >= 0) frame.index++;
      else keyNext = true;
    } else if (code === 0x3a) keyNext = false;
    else if (code === 0x5b || code === 0x7b) {
      FLAT.lastIndex = at + 1;
      if (code === 0x5b && mayRound(text, frames, rounded) && FLAT.test(text)) at = FLAT.lastIndex - 1;
      else {
        frame = { key: -1, index: code === 0x5b ? 0 : -1 };
        frames.push(frame);
        keyNext = code === 0x7b;
      }
    } else if (code === 0x5d || code === 0x7d) {
      frames.pop();
      frame = frames.at(-1);
      keyNext = false;
    }
  }
  return found;
}

function mayRound(text: string, frames: readonly Frame[], rounded: readonly (readonly string[])[]): boolean {
  return rounded.some(
    (path) =>
      path.length === frames.length &&
      frames.every((frame, depth) => (frame.index >= 0 ? path[depth] === "*" : path[depth] === keyOf(text, frame))),
  );
}

const keyOf = (text: string, { key }: Frame): string => JSON.parse(text.slice(key, endOfText(text, key) + 1));

const pathOf = (text: string, frames: readonly Frame[]): (string | number)[] =>
  frames.map((frame) => (frame.index >= 0 ? frame.index : keyOf(text, frame)));

/** Position of the quote that ends the text whose first quote is at `start`. */
function endOfText(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at > 0) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}
