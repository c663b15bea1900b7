import { CsvFront } from "./parsers/csv-front.ts";
import { JsonDocumentParser } from "./parsers/json-document.ts";
import { JsonLinesParser } from "./parsers/json-lines.ts";
import type { Parser, ParserState, RecordReceiver } from "./parsers/parser.ts";
import { TextParser } from "./parsers/text.ts";
import { TextFront } from "./parsers/text-front.ts";
import { VectorParser } from "./parsers/vectors.ts";
import { type RecordTarget, roundedKeys } from "./record-numbers.ts";
import { keysRead, type TransformSpec } from "./transforms/transform.ts";

export type StreamFormat = "ndjson" | "json" | "csv" | "fvecs" | "bvecs" | "f32" | "text";

/** How a stream's bytes become records. Plain data: it goes to a worker and into the job's row. */
export interface ParseSpec {
  format: StreamFormat;
  /** Of text without a byte-order mark; UTF-8 by default. */
  encoding?: string;
  /** JSON: keys from the root to the array, or to the object whose values are the records. */
  path?: readonly string[];
  /** CSV; without it, it is found out. */
  delimiter?: string;
  columns?: readonly string[];
  /** Vectors. */
  dimensions?: number;
  /** Text. */
  by?: "line" | "paragraph";
  transform: TransformSpec;
  /** What its numbers are for; `none` unless said. */
  target?: RecordTarget;
}

/** @throws {RangeError} for `f32` without dimensions, and for an encoding that is not known. */
export function createParser(spec: ParseSpec, receiver: RecordReceiver, from: ParserState | null): Parser {
  const { format, encoding } = spec;
  if (format === "fvecs" || format === "bvecs" || format === "f32")
    return new VectorParser({
      receiver,
      ...(from ? { from } : {}),
      format,
      ...(spec.dimensions ? { dimensions: spec.dimensions } : {}),
    });
  return new TextFront({
    ...(encoding ? { encoding } : {}),
    ...(from ? { from } : {}),
    lineEnds: format !== "csv",
    open: (start) => createTextParser(format, spec, { receiver, from: start }),
  });
}

function createTextParser(
  format: "ndjson" | "json" | "csv" | "text",
  spec: ParseSpec,
  common: { receiver: RecordReceiver; from: ParserState },
): Parser {
  const keys = keysRead(spec.transform);
  const rounded = roundedKeys(spec.target ?? "none", spec.transform);
  const json = { ...common, rounded, ...(keys ? { keys } : {}) };
  switch (format) {
    case "ndjson":
      return new JsonLinesParser(json);
    case "json":
      return new JsonDocumentParser({ ...json, ...(spec.path ? { path: spec.path } : {}) });
    case "csv":
      return new CsvFront({
        ...common,
        ...(spec.delimiter ? { delimiter: spec.delimiter } : {}),
        ...(spec.columns ? { columns: spec.columns } : {}),
      });
    case "text":
      return new TextParser({ ...common, by: spec.by ?? "line" });
  }
}
