/** What the detector reads of a memory sample: recorded traces, our own samples and those of watched services all have it. */
export interface LeakSample {
  readonly sequence: number;
  readonly sampledAt: string;
  readonly process: {
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    readonly heapTotalBytes: number;
    readonly externalBytes: number;
    readonly arrayBuffersBytes: number;
    /** Most heap committed since its free pages went back to the system; only where V8 keeps such pages. */
    readonly heapPeakBytes?: number | undefined;
  };
  readonly gc: { readonly heapUsedAfterMajorBytes: number | null };
  readonly activity: { readonly requests: number };
  /** What bounded stores hold, by component: their growth is theirs, and no leak. */
  readonly breakdown?: readonly { readonly component: string; readonly bytes: number }[] | undefined;
}

export const LEAK_SERIES = ["heap", "external", "arrayBuffers", "native"] as const;
export type LeakSeries = (typeof LEAK_SERIES)[number];

/** A sample that cannot be true (negative, not a number, no time) is left out, as if it had been missed. */
export function isPlausible(sample: LeakSample): boolean {
  const {
    rssBytes,
    heapUsedBytes,
    heapTotalBytes,
    externalBytes,
    arrayBuffersBytes,
    heapPeakBytes = 0,
  } = sample.process;
  const { requests } = sample.activity;
  const figures = [rssBytes, heapUsedBytes, heapTotalBytes, externalBytes, arrayBuffersBytes, heapPeakBytes, requests];
  const exact = sample.gc.heapUsedAfterMajorBytes;
  if (exact !== null && !(Number.isFinite(exact) && exact > 0)) return false;
  return figures.every((x) => Number.isFinite(x) && x >= 0) && Number.isFinite(Date.parse(sample.sampledAt));
}
