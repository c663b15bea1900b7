/**
 * Copies records with only their selected keys, from the structural characters that a scan finds. What is copied is
 * parsed by the caller, and what is passed over is checked for its structure alone; anything odd makes the record irregular.
 */
import { DEEP, ODD_NUMBER, IRREGULAR, KEY_STRIDE, KEYS, OUTPUT, PROJECTED } from "./layout.as";
import { onlySpace } from "./masks.as";

let keyCount: u32 = 0;
let out: u32 = OUTPUT;
let recordOut: u32 = OUTPUT;
/** Where the current record may begin; 0 when the window does not hold its beginning. */
let from: u32 = 0;
let open: bool = false;
let closedAt: u32 = 0;
let odd: bool = false;
let structureAt: u32 = 0;
let valueStart: u32 = 0;
let expectKey: bool = false;

export function setKeyCount(count: u32): void {
  keyCount = count;
}

export function projectedBytes(): u32 {
  return recordOut - OUTPUT;
}

/** A window begins; `start` is where a record begins, or 0 when the window begins inside of one. */
export function beginProjection(start: u32): void {
  out = OUTPUT;
  recordOut = OUTPUT;
  beginRecord(start);
}

function beginRecord(start: u32): void {
  from = start;
  open = false;
  closedAt = 0;
  odd = false;
}

/** A bracket opens at the record's own level. */
export function openRecord(at: u32): void {
  if (from == 0) return;
  if (open || load<u8>(at) != 0x7b || !onlySpace(from, at)) {
    odd = true;
    return;
  }
  open = true;
  store<u8>(out++, 0x7b);
  structureAt = at;
  valueStart = 0;
  expectKey = true;
}

/** A comma or a colon in the record's own object. */
export function separateRecord(at: u32): void {
  if (!open || closedAt != 0) return;
  if (load<u8>(at) == 58) {
    if (!expectKey) odd = true;
    expectKey = false;
    takeKey(at);
  } else {
    if (expectKey || at == structureAt + 1) odd = true;
    expectKey = true;
    takeValue(at, 44);
  }
  structureAt = at;
}

function takeKey(colon: u32): void {
  let start = structureAt + 1;
  let end = colon;
  while (start < end && load<u8>(start) <= 32) start++;
  while (end > start && load<u8>(end - 1) <= 32) end--;
  const length = end - start;
  if (length < 2 || load<u8>(start) != 34 || load<u8>(end - 1) != 34) {
    odd = true;
    return;
  }
  for (let i: u32 = 0; i < keyCount; i++) {
    const key = KEYS + i * KEY_STRIDE;
    if (load<u32>(key) != length || memory.compare(start, key + 4, length) != 0) continue;
    memory.copy(out, start, length);
    out += length;
    store<u8>(out++, 58);
    valueStart = colon + 1;
    return;
  }
  // A key written with escapes may be a selected one: JSON.parse knows.
  for (let at = start; at < end; at++) if (load<u8>(at) == 92) odd = true;
}

function takeValue(end: u32, after: u32): void {
  if (valueStart == 0) return;
  const size = end - valueStart;
  memory.copy(out, valueStart, size);
  out += size;
  store<u8>(out++, <u8>after);
  valueStart = 0;
}

/** The record's own object closes. */
export function closeRecord(at: u32): void {
  if (!open || closedAt != 0) return;
  closedAt = at;
  if (load<u8>(at) != 0x7d) odd = true;
  if (expectKey && (load<u8>(structureAt) == 44 || !onlySpace(structureAt + 1, at))) odd = true;
  if (!expectKey && at == structureAt + 1) odd = true;
  takeValue(at, 44);
  if (load<u8>(out - 1) == 44) out--;
  store<u8>(out++, 0x7d);
  store<u8>(out++, 44);
}

/** The record's terminator stands at `at`: keeps the copy when nothing was odd. Returns the record's flags. */
export function endRecord(at: u32, marks: u32): u32 {
  const whole = from != 0 && open && closedAt != 0 && !odd && onlySpace(closedAt + 1, at);
  if (whole && (marks & (IRREGULAR | DEEP | ODD_NUMBER)) == 0) {
    recordOut = out;
    marks |= PROJECTED;
  } else out = recordOut;
  beginRecord(at + 1);
  return marks;
}
