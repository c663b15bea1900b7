/** A recording of a running server: a line of kibibytes for each of its samples, in columns that the first line names. */
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Component, MemorySample } from "../../lib/contracts/memory.ts";
import { KIB } from "../../lib/shared/bytes.ts";

export const RECORDING = path.join(import.meta.dirname, "report-load.ndjson.gz");
export const STORES = [
  "sessions",
  "cache",
  "vectors",
  "rag",
  "embeddings",
  "streams",
] as const satisfies readonly Component[];
const FIGURES = ["limit", "rss", "heapUsed", "heapTotal", "external", "arrayBuffers", "runtime", "helpers"] as const;
const COLUMNS = ["ms", ...FIGURES, "heapPeak", "afterMajor", "majors", "requests", ...STORES] as const;

/** Bytes where it is not said otherwise. */
export interface Reading {
  /** Since the recording began. */
  readonly ms: number;
  readonly figures: Readonly<Record<(typeof FIGURES)[number], number>>;
  readonly stores: readonly number[];
  /** Null where V8 gives pages back by itself, and in recordings that did not tell it yet. */
  readonly heapPeak: number | null;
  readonly afterMajor: number | null;
  readonly majors: number;
  readonly requests: number;
}

/** @returns the readings of a recording, in order. */
export function readRecording(gzipped: Uint8Array): Reading[] {
  const [header = "", ...lines] = gunzipSync(gzipped).toString().trim().split("\n");
  const columns: string[] = JSON.parse(header).meta.columns;
  return lines.map((line) => {
    const row: (number | null)[] = JSON.parse(line);
    const at = (name: string) => row[columns.indexOf(name)] ?? 0;
    const known = (name: string) => {
      const kib = row[columns.indexOf(name)];
      return kib == null ? null : kib * KIB;
    };
    return {
      ms: at("ms"),
      figures: Object.fromEntries(FIGURES.map((name) => [name, at(name) * KIB])) as Reading["figures"],
      stores: STORES.map((name) => at(name) * KIB),
      heapPeak: known("heapPeak"),
      afterMajor: known("afterMajor"),
      majors: at("majors"),
      requests: at("requests"),
    };
  });
}

/** @param samples at least one. */
export function writeRecording(about: string, samples: readonly MemorySample[]): Buffer {
  const beganMs = Date.parse(samples[0]?.sampledAt ?? "");
  const rows = samples.map((sample) => {
    const figures = figuresOf(sample);
    return COLUMNS.map((name) => (name === "ms" ? Date.parse(sample.sampledAt) - beganMs : (figures[name] ?? null)));
  });
  const lines = [{ meta: { about, columns: COLUMNS } }, ...rows];
  return gzipSync(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`, { level: 9 });
}

/** Counts, and bytes in KiB. */
function figuresOf({ limitBytes, usedBytes, process: p, breakdown, gc, activity }: MemorySample) {
  const kib = (bytes: number | null | undefined) => (bytes == null ? null : Math.round(bytes / KIB));
  const claimed = Object.fromEntries(breakdown.map(({ component, bytes }) => [component, kib(bytes)]));
  const figures: Record<string, number | null> = {
    ...claimed,
    limit: kib(limitBytes),
    rss: kib(p.rssBytes),
    heapUsed: kib(p.heapUsedBytes),
    heapTotal: kib(p.heapTotalBytes),
    external: kib(p.externalBytes),
    arrayBuffers: kib(p.arrayBuffersBytes),
    helpers: kib(usedBytes - p.rssBytes),
    heapPeak: kib(p.heapPeakBytes),
    afterMajor: kib(gc.heapUsedAfterMajorBytes),
    majors: gc.majorCount,
    requests: activity.requests,
  };
  return figures;
}
