/** Where things lie in the module's memory, and the flags of an event. `lib/streaming/scan/scanner.ts` mirrors this. */

/** A scan takes at most this many bytes. */
export const WINDOW: u32 = 262144;
/** The caller writes the window here; it may also write before it (a bracket), and a scan pads after it. */
export const INPUT: u32 = 4096;
/** One u32 an event: a position in the window below, flags above. Worst case: every byte an event. */
export const EVENTS: u32 = INPUT + WINDOW + 4096;
/** The tape of values that `json-value.as.ts` reads; of CSV a u32 for each row: where it ends. */
export const OUTPUT: u32 = EVENTS + (WINDOW + 64) * 4;
export const OUTPUT_END: u32 = OUTPUT + (WINDOW + 64) * 4;
/**
 * Shapes of records, every SHAPE_STRIDE bytes: a u32 of how many values, then from 16 on each literal, the one after the last value
 * included: 16 bytes of a u32 length and a u32 that is not 0 when the value after it is passed over, then for every 16 bytes of the
 * literal those and a mask of the ones that count.
 */
export const SHAPES: u32 = OUTPUT_END;
export const SHAPE_STRIDE: u32 = 32768;
export const MAX_SHAPES: u32 = 4;

/** The part of an event that is a position. */
export const POSITION: u32 = 0xffffff;

/** To be parsed by itself: unbalanced, broken, or of a form that the fast path does not vouch for. */
export const IRREGULAR: u32 = 1 << 24;
/** Nested deeper than MAX_DEPTH. */
export const DEEP: u32 = 1 << 25;
/** May hold a number that a double does not hold as it is written: too large, of too many digits, or -0. */
export const ODD_NUMBER: u32 = 1 << 26;
/** An empty line. */
export const BLANK: u32 = 1 << 27;

/** Of CSV: the field that ends here holds a line break; more quotes than two; a quote; a byte beyond ASCII. */
export const HAS_BREAK: u32 = 1 << 25;
export const QUOTE_WITHIN: u32 = 1 << 26;
export const HAS_QUOTE: u32 = 1 << 27;
export const NOT_ASCII: u32 = 1 << 28;
/** This event ends a row of CSV. */
export const ROW_END: u32 = 1 << 29;

export const MAX_DEPTH: i32 = 64;
