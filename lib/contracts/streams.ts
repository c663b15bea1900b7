import { z } from "zod";
import { booleanParameter, idSchema, integerParameter, listQuery } from "./common.ts";

export const streamFormatSchema = z.enum(["ndjson", "json", "csv", "fvecs", "bvecs", "f32", "text"]);
export type StreamFormatName = z.infer<typeof streamFormatSchema>;

/** `waiting`: more of the body is to come by PATCH. `interrupted`: the client or the server went away; PATCH goes on. */
export const streamStateSchema = z.enum([
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "cancelled",
  "interrupted",
]);
export type StreamState = z.infer<typeof streamStateSchema>;

const fieldName = z.string().min(1).max(256);
const names = (what: string) =>
  z
    .string()
    .min(1)
    .max(16_384)
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(z.array(fieldName).max(256))
    .describe(what);

/** A name that stands twice would make one of the two be lost without a word. */
const oneEach =
  <Pair extends readonly string[]>(sides: readonly number[]) =>
  (list: readonly Pair[], context: z.RefinementCtx): void => {
    for (const side of sides) {
      const seen = new Set<string>();
      for (const pair of list) {
        const name = pair[side] ?? "";
        if (seen.has(name)) context.addIssue({ code: "custom", message: `"${name.slice(0, 40)}" stands twice` });
        seen.add(name);
      }
    }
  };

/** `a:b,c:d` as pairs, whose left sides differ, and with `sides` the right ones; what stands after the colon is checked by `right`. */
const pairs = <Right extends string>(right: z.ZodType<Right>, what: string, sides = [0]) =>
  z
    .string()
    .min(1)
    .max(16_384)
    .transform((text, context) =>
      text.split(",").map((pair): [string, Right] => {
        const colon = pair.indexOf(":");
        const name = fieldName.safeParse(pair.slice(0, Math.max(colon, 0)).trim());
        const value = right.safeParse(pair.slice(colon + 1).trim());
        if (name.success && value.success) return [name.data, value.data];
        context.addIssue({ code: "custom", message: `"${pair.slice(0, 40)}" is not name:value as it must be` });
        return z.NEVER;
      }),
    )
    .superRefine(oneEach(sides))
    .describe(what);

/** Which store the records go to. */
export const streamTargetSchema = z
  .string()
  .regex(/^(?:none|rag|cache|sessions|vectors:.+)$/su, "must be none, rag, cache, sessions or vectors:NAME")
  .max(300)
  .transform((text, context) => {
    const [kind, name] = text.startsWith("vectors:") ? (["vectors", text.slice(8)] as const) : [text, null];
    if (name !== null && !idSchema.safeParse(name).success)
      context.addIssue({ code: "custom", message: "the collection's name is no valid id" });
    return { kind: kind as "none" | "rag" | "cache" | "sessions" | "vectors", name };
  });
export type StreamTarget = z.output<typeof streamTargetSchema>;

/** A label of the WHATWG encoding standard, as the name that TextDecoder has for it. */
const encodingParameter = z
  .string()
  .max(40)
  .transform((label, context) => {
    try {
      return new TextDecoder(label).encoding;
    } catch {
      context.addIssue({
        code: "custom",
        message: "is no encoding that TextDecoder knows, as utf-16le or windows-1252",
      });
      return z.NEVER;
    }
  });

/** Keys with a dot in them need the pointer's form, as does an empty one. */
function keysOfPath(text: string, context: z.RefinementCtx): string[] {
  const pointer = text.startsWith("/");
  const keys = pointer ? text.slice(1).split("/") : text.split(".");
  const wrong = pointer ? keys.some((key) => /~(?![01])/.test(key)) : keys.includes("");
  if (wrong) context.addIssue({ code: "custom", message: "must be keys with dots between, or a JSON Pointer" });
  return pointer ? keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")) : keys;
}

export const streamQuerySchema = z.strictObject({
  target: streamTargetSchema,
  format: streamFormatSchema,
  wait: booleanParameter.optional().describe("Answer when the job has ended, with the finished job"),
  path: z
    .string()
    .min(1)
    .max(1024)
    .transform(keysOfPath)
    .pipe(z.array(z.string()).max(16))
    .optional()
    .describe(
      "json: keys from the root to the array, or to the object whose values are the records: with dots between, or as a JSON Pointer, /a.b/items",
    ),
  encoding: encodingParameter.optional().describe("Of text without a byte-order mark, which decides first; utf-8"),
  delimiter: z
    .enum(["auto", ",", ";", "|", "\t", "tab"])
    .transform((value) => (value === "tab" ? "\t" : value))
    .optional()
    .describe("csv: what parts the fields; auto, the default, finds it in the first row and tells it in the job"),
  columns: names("csv: the columns, when the first row does not name them").optional(),
  dimensions: integerParameter(1, 4096).optional().describe("f32: values in a vector"),
  by: z.enum(["line", "paragraph"]).optional().describe("text: what a record is"),
  where: z
    .string()
    .max(65_536)
    .optional()
    .describe("A filter as the stores take it, in JSON; records it does not hold for are left out"),
  select: names(
    "Fields to keep, as they are called after `rename`; others are passed over without being parsed",
  ).optional(),
  rename: pairs(
    fieldName,
    "old:new, …; before `where` and `select`. A field that is called `new` already is replaced",
    [0, 1],
  ).optional(),
  cast: pairs(
    z.enum(["number", "string", "boolean", "json"]),
    "field:type, …; before all other steps. An empty cell and null are null",
  ).optional(),
  decimal: z.enum([".", ","]).optional().describe("What parts the decimals where `cast` makes numbers of text"),
  null: z
    .string()
    .max(1024)
    .transform((text) => text.split(","))
    .optional()
    .describe("Texts that stand for null in any field, with commas between: NULL,NA"),
  constant: pairs(z.string().max(4096), "field:value, … added to each record").optional(),
  embed: fieldName.optional().describe("vectors: the field whose text is embedded, for records that bring no vector"),
  batchSize: integerParameter(1, 1000).optional().describe("Records committed together; 500 by default"),
});
export type StreamQuery = z.output<typeof streamQuerySchema>;

export const streamJobSchema = z.object({
  id: z.string(),
  namespace: z.string(),
  state: streamStateSchema,
  target: z.string(),
  format: streamFormatSchema,
  encoding: z
    .string()
    .nullable()
    .describe("Of the text, as found or given; null for binary formats, and until it is known"),
  delimiter: z.string().nullable().describe("csv: what parts the fields, as found or given"),
  bytesRead: z.number().int().describe("Bytes of the body received so far, as sent"),
  bytesTotal: z.number().int().nullable().describe("Of the whole body, where the client said"),
  records: z.number().int().describe("Kept by the target, their ids in /results; for `none`, checked"),
  filtered: z.number().int().describe("Left out by `where`"),
  comparedUnlike: z
    .number()
    .int()
    .describe("Records in which `where` compared a text with a number, which never holds: cast the field first"),
  selectedNothing: z.number().int().describe("Records in which `select` found none of its fields, kept as {}"),
  rejected: z.number().int().describe("Set aside: see /rejects"),
  bytesPerSecond: z.number(),
  bufferedBytes: z.number().int().describe("Read and not kept yet, now"),
  peakBufferedBytes: z.number().int(),
  uploadOffset: z.number().int().describe("Where a PATCH goes on"),
  resumable: z.boolean(),
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      line: z.number().int().nullable(),
      offset: z.number().int().nullable(),
    })
    .nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});
export type StreamJobView = z.infer<typeof streamJobSchema>;

export const streamListQuery = listQuery.extend({ state: streamStateSchema.optional() });

export const streamRejectSchema = z.object({
  line: z.number().int(),
  offset: z.number().int(),
  code: z.string(),
  message: z.string(),
  excerpt: z.string(),
});
export type StreamReject = z.infer<typeof streamRejectSchema>;

export const exportQuerySchema = z.strictObject({
  source: z
    .string()
    .max(300)
    .regex(
      /^(?:vectors:.+|rag|conversations|history|audit|sessions|cache)$/su,
      "must be vectors:NAME, rag, conversations, history, audit, sessions or cache",
    ),
  format: z.enum(["ndjson", "csv", "fvecs"]).default("ndjson"),
  spreadsheetSafe: booleanParameter
    .optional()
    .describe("csv: an apostrophe before text that a spreadsheet would take for a formula: = + - @, tab or return"),
});
