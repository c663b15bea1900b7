import { z } from "zod";

const encoder = new TextEncoder();
/** C0, DEL and C1 controls: they break logs, headers and terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Ids: 1–256 bytes of UTF-8, no control characters, not `.` or `..`. Never normalised: NFC and NFD
 * differ.
 */
export const idSchema = nameOfBytes(256);

/** Tags of sessions: as ids, and shorter. */
export const sessionTagSchema = nameOfBytes(128);

/** Cache keys: as ids, and longer, since keys of other caches are made of whole URLs. */
export const cacheKeySchema = nameOfBytes(1024);

function nameOfBytes(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .refine((id) => !hasUnprintable(id), "must be UTF-8 without control characters")
    .refine((id) => encoder.encode(id).length <= most, `must be at most ${most} bytes of UTF-8`)
    .refine((id) => id !== "." && id !== "..", "must not be . or ..");
}

/** Lone surrogates have no UTF-8 form, so an id with one could not be returned unchanged. */
function hasUnprintable(text: string): boolean {
  return CONTROLS.test(text) || !text.isWellFormed();
}

/** Marks a refinement for items that are too large: the request gets 413 `item-too-large`, not 400. */
export const overItsLimit = (message: string) => ({ message, params: { overItsLimit: true } });

export const namespaceSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be 1–64 of a–z, 0–9, - and _");

/** Query parameters arrive as text; only plain decimal integers are numbers. */
export const integerParameter = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().int().min(minimum).max(maximum));

export const booleanParameter = z
  .enum(["0", "1", "true", "false"])
  .transform((value) => value === "1" || value === "true");

export const instantParameter = z.iso.datetime({ offset: true });

/** Direction of a sorted list. */
export const orderSchema = z.enum(["asc", "desc"]);

export const DEFAULT_PAGE_SIZE = 50;

export const listQuery = z.strictObject({
  limit: integerParameter(1, 500).default(DEFAULT_PAGE_SIZE).describe("Number of items; a page may hold fewer"),
  cursor: z.string().min(1).max(1024).optional().describe("`nextCursor` of the page before"),
});

export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
