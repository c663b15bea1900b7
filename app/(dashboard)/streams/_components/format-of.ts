import type { StreamFormatName } from "../../../../lib/contracts/streams.ts";

const BY_EXTENSION: Readonly<Record<string, StreamFormatName>> = {
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  csv: "csv",
  fvecs: "fvecs",
  bvecs: "bvecs",
  txt: "text",
  md: "text",
};

export const FORMATS: readonly StreamFormatName[] = ["ndjson", "json", "csv", "fvecs", "bvecs", "text"];

/** The format that a file's name tells; NDJSON when it tells none. */
export function formatOf(name: string): StreamFormatName {
  return BY_EXTENSION[name.toLowerCase().split(".").at(-1) ?? ""] ?? "ndjson";
}
