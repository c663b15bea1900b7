/**
 * Finds where records begin and end in a window of bytes, 64 at a time, so that JavaScript touches a byte only to build
 * the value it belongs to. Time O(n), memory fixed; see `layout.as.ts` for what lies where.
 */
export { EVENTS, INPUT, OUTPUT, SHAPE_STRIDE, SHAPES, WINDOW } from "./layout.as";
export { scanLines } from "./lines.as";
export { documentBrokenAt, resetDocument, scanDocument } from "./document.as";
export { csvRows, csvViolated, scanCsv } from "./csv.as";
export { countBreaks } from "./breaks.as";
export { countColons } from "./colons.as";
export { allFinite } from "./vectors.as";
export { readElements, readRecords } from "./shape.as";
