import { z } from "zod";
import { overItsLimit } from "./common.ts";

/** Text must have a UTF-8 form. Offsets count UTF-16 code units, as JavaScript clients do. */
const hasUtf8 = (text: string) => text.isWellFormed();
export const wellFormed = (maximum: number) => z.string().max(maximum).refine(hasUtf8, "must be well-formed Unicode");

/** The main text of an item. A text over its limit makes the item too large (413), not the field invalid (400). */
export const itemText = (maximum: number) =>
  z
    .string()
    .meta({ maxLength: maximum })
    .refine((text) => text.length <= maximum, overItsLimit(`must have at most ${maximum} characters`))
    .refine(hasUtf8, "must be well-formed Unicode");

/** A short text for display and filters. */
export const label = (maximum: number) =>
  wellFormed(maximum)
    .min(1)
    .refine((text) => !text.includes("\u0000"), "must not contain U+0000");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body is JSON already: a schema of records would copy it, and leave out a member called `__proto__`. */
export const metadataSchema = z
  .custom<Record<string, unknown>>(isObject, "must be an object")
  .refine(
    (metadata) => Object.keys(metadata).every((name) => name.length <= 256),
    "must have names of at most 256 characters",
  )
  .refine((metadata) => JSON.stringify(metadata).length <= 65_536, overItsLimit("must be at most 64 KiB of JSON"))
  .meta({ type: "object" });

export const question = wellFormed(8_192).refine((text) => /\S/u.test(text), "must not be blank");
