import { z } from "zod";
import { booleanParameter, idSchema, integerParameter, listQuery } from "./common.ts";

export const streamFormatSchema = z.enum(["ndjson", "json", "csv", "fvecs", "bvecs", "f32", "text"]);
export type StreamFormatName = z.infer<typeof streamFormatSchema>;

/** `waiting`: a PATCH will send more of the body. `interrupted`: the client or the server stopped; a PATCH resumes. */
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

/** Refuses repeated names: one of the two would be lost silently. */
const oneEach =
  <Pair extends readonly string[]>(sides: readonly number[]) =>
  (list: readonly Pair[], context: z.RefinementCtx): void => {
    for (const side of sides) {
      const seen = new Set<string>();
      for (const pair of list) {
        const name = pair[side] ?? "";
        if (seen.has(name)) context.addIssue({ code: "custom", message: `"${name.slice(0, 40)}" appears twice` });
        seen.add(name);
      }
    }
  };

/** `a:b,c:d` as pairs. Names on the `sides` given must be unique; `right` checks the part after the colon. */
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
        context.addIssue({ code: "custom", message: `"${pair.slice(0, 40)}" does not have the form name:value` });
        return z.NEVER;
      }),
    )
    .superRefine(oneEach(sides))
    .describe(what);

/** The store that receives the records. */
export const streamTargetSchema = z
  .string()
  .regex(/^(?:none|rag|cache|sessions|vectors:.+)$/su, "must be none, rag, cache, sessions or vectors:NAME")
  .max(300)
  .transform((text, context) => {
    const [kind, name] = text.startsWith("vectors:") ? (["vectors", text.slice(8)] as const) : [text, null];
    if (name !== null && !idSchema.safeParse(name).success)
      context.addIssue({ code: "custom", message: "the collection name is not a valid id" });
    return { kind: kind as "none" | "rag" | "cache" | "sessions" | "vectors", name };
  });
export type StreamTarget = z.output<typeof streamTargetSchema>;

/** A label of the WHATWG encoding standard, mapped to TextDecoder's name for it. */
const encodingParameter = z
  .string()
  .max(40)
  .transform((label, context) => {
    try {
      return new TextDecoder(label).encoding;
    } catch {
      context.addIssue({
        code: "custom",
        message: "must be an encoding that TextDecoder supports, such as utf-16le or windows-1252",
      });
      return z.NEVER;
    }
  });

/** Keys that contain a dot, and empty keys, need the JSON Pointer form. */
function keysOfPath(text: string, context: z.RefinementCtx): string[] {
  const pointer = text.startsWith("/");
  const keys = pointer ? text.slice(1).split("/") : text.split(".");
  const wrong = pointer ? keys.some((key) => /~(?![01])/.test(key)) : keys.includes("");
  if (wrong) context.addIssue({ code: "custom", message: "must be keys separated by dots, or a JSON Pointer" });
  return pointer ? keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")) : keys;
}

export const streamQuerySchema = z.strictObject({
  target: streamTargetSchema,
  format: streamFormatSchema,
  wait: booleanParameter.optional().describe("Respond only when the job has finished, with the finished job"),
  path: z
    .string()
    .min(1)
    .max(1024)
    .transform(keysOfPath)
    .pipe(z.array(z.string()).max(16))
    .optional()
    .describe(
      "json: path from the root to the array, or to the object whose values are the records. Keys separated by dots, or a JSON Pointer such as /a.b/items",
    ),
  encoding: encodingParameter
    .optional()
    .describe("Encoding of the text if it has no byte-order mark; utf-8 by default"),
  delimiter: z
    .enum(["auto", ",", ";", "|", "\t", "tab"])
    .transform((value) => (value === "tab" ? "\t" : value))
    .optional()
    .describe("csv: the field delimiter; auto, the default, detects it in the first row and reports it in the job"),
  columns: names("csv: the column names, if the first row has none").optional(),
  dimensions: integerParameter(1, 4096).optional().describe("f32: number of values per vector"),
  by: z.enum(["line", "paragraph"]).optional().describe("text: the unit that becomes a record"),
  where: z
    .string()
    .max(65_536)
    .optional()
    .describe("A filter as JSON, in the syntax of the stores; records that do not match are left out"),
  select: names(
    "Fields to keep, by their names after `rename`; other fields are skipped without being parsed",
  ).optional(),
  rename: pairs(
    fieldName,
    "Pairs old:new; applied before `where` and `select`. Replaces a field that is already named `new`",
    [0, 1],
  ).optional(),
  cast: pairs(
    z.enum(["number", "string", "boolean", "json"]),
    "Pairs field:type; applied before all other steps. Empty cells and null become null",
  ).optional(),
  decimal: z.enum([".", ","]).optional().describe("Decimal separator that `cast` expects in numbers"),
  null: z
    .string()
    .max(1024)
    .transform((text) => text.split(","))
    .optional()
    .describe("Texts that mean null in any field, separated by commas: NULL,NA"),
  constant: pairs(z.string().max(4096), "Pairs field:value that are added to each record").optional(),
  embed: fieldName.optional().describe("vectors: the text field to embed, for records without a vector"),
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
    .describe("Encoding of the text, detected or given; null for binary formats and until it is known"),
  delimiter: z.string().nullable().describe("csv: the field delimiter, detected or given"),
  bytesRead: z.number().int().describe("Bytes of the body received so far, as sent"),
  bytesTotal: z.number().int().nullable().describe("Size of the whole body, if the client stated it"),
  records: z
    .number()
    .int()
    .describe("Records stored in the target, with their ids in /results; for the target `none`, records checked"),
  filtered: z.number().int().describe("Records left out by `where`"),
  comparedUnlike: z
    .number()
    .int()
    .describe("Records in which `where` compared text with a number, which never matches; use `cast` on the field"),
  selectedNothing: z.number().int().describe("Records in which `select` found none of its fields; stored as {}"),
  rejected: z.number().int().describe("Records that were rejected; listed in /rejects"),
  bytesPerSecond: z.number(),
  bufferedBytes: z.number().int().describe("Bytes that are read but not yet stored"),
  peakBufferedBytes: z.number().int(),
  uploadOffset: z.number().int().describe("Byte offset at which a PATCH resumes"),
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
    )
    .meta({ examples: ["rag"] }),
  format: z.enum(["ndjson", "csv", "fvecs"]).default("ndjson"),
  spreadsheetSafe: booleanParameter
    .optional()
    .describe("csv: put an apostrophe before text that a spreadsheet would read as a formula (= + - @, tab or return)"),
});
