import { median } from "../../shared/median.ts";
import { type Assessment, NOTHING, type Stage } from "./assess.ts";
import { ChannelPair } from "./channel-pair.ts";
import type { RuledOut } from "./growth-tests.ts";
import { EXTERNAL_HORIZONS, HEAP_HORIZONS, NATIVE_HORIZONS } from "./horizons.ts";
import type { Mark } from "./mark.ts";
import { MarkGatherer } from "./mark-gatherer.ts";
import { OwnBytes } from "./own-bytes.ts";
import { PooledPages } from "./pooled-pages.ts";
import { isPlausible, LEAK_SERIES, type LeakSample, type LeakSeries } from "./sample.ts";

export type LeakState = "warming-up" | Stage;

/** One channel's verdict, in bytes per hour and wall-clock time. */
export interface SeriesVerdict {
  readonly series: LeakSeries;
  readonly stage: Stage;
  readonly ruledOut: RuledOut | null;
  readonly method: Assessment["method"];
  readonly slopeBytesPerHour: number;
  readonly slopeLow: number;
  readonly slopeHigh: number;
  readonly confidence: number;
  readonly firstSeenAt: string;
  readonly samples: number;
  readonly unexplainedBytes: number;
}

/** Lanes are what is measured; native memory is measured twice, against committed and against used heap. */
const LANES = ["heap", "external", "arrayBuffers", "native", "nativeUsed"] as const;
type Lane = (typeof LANES)[number];

const MIB = 1024 * 1024;
/** Native memory is certain to have grown when its lower reading now exceeds its upper reading then by this much. */
const CERTAIN_NATIVE_BYTES = 4 * MIB;
/** Committed heap that was never touched is at most about a young generation and a few pages. */
const MOST_UNTOUCHED_BYTES = 24 * MIB;
const AROUND = 12;

/** No leak is confirmed in less time than this, by the samples' own clock, nor of growth that is younger. */
const LEAST_MS = 30 * 60_000;
/** A stage is reported when this many marks in a row agree; the support band, which sees scatter, must hold longer. */
const AGREEING = { "live-curve": 2, floor: 2, batches: 2, "support-band": 12 } as const;
/** A confirmed leak is over when this many marks in a row saw no growth: one alert per episode, not one per sample. */
const OVER_AFTER = 60;
const SUSPICION_HOLDS = 12;
/** Marks between two collections that the detector asks for: 5 minutes. */
const COLLECT_EVERY = 10;

interface Standing {
  stage: Stage;
  agreeing: number;
  calm: number;
  verdict: SeriesVerdict | null;
}

/**
 * Tells leaks from warm-up, bursts, ramps and refills, online: samples go in one by one, and its state stays bounded (two windows of
 * 256 marks on five lanes, about 1 MB) whatever comes. Pure: no clock, no collection of its own; what it wants to know it says
 * with `wantsCollection`. All horizons count marks of 30 s, by the samples' own clock, or of one sample where they are further apart.
 *
 * A call costs 0.1–0.6 ms of CPU: the spans of a curve of at most 44 points are tested on each lane that is not plainly clear.
 */
export class LeakDetector {
  readonly #lanes: Record<Lane, ChannelPair> = {
    heap: new ChannelPair(HEAP_HORIZONS, "heap"),
    external: new ChannelPair(EXTERNAL_HORIZONS, "buffers"),
    arrayBuffers: new ChannelPair(EXTERNAL_HORIZONS, "buffers"),
    native: new ChannelPair(NATIVE_HORIZONS, "native"),
    nativeUsed: new ChannelPair(NATIVE_HORIZONS, "native"),
  };
  readonly #standings = new Map<LeakSeries, Standing>();
  readonly #own = new OwnBytes<Lane>();
  readonly #pool = new PooledPages();
  readonly #gatherer = new MarkGatherer<Lane>();
  #samples = 0;
  #firstMs = Number.NaN;
  #seen = 0;
  #sinceExact = 0;
  #state: LeakState = "warming-up";

  get state(): LeakState {
    return this.#state;
  }

  /** Samples taken in since the process was first seen. */
  get samples(): number {
    return this.#samples;
  }

  /** Marks of 30 s and more that the samples made: what the horizons count. */
  get marks(): number {
    return this.#seen;
  }

  /** Takes a sample in. @returns true when the overall verdict or the set of suspects changed. */
  push(sample: LeakSample): boolean {
    if (!isPlausible(sample)) return false;
    const before = this.#fingerprint();
    const readings = read(sample, this.#pool.take(sample.process));
    const own = this.#own.take(sample, readings);
    const exact = sample.gc.heapUsedAfterMajorBytes;
    const mark = this.#gatherer.take(sample, {
      low: lessOwn(readings, own),
      exact: exact === null ? null : exact - own("heap"),
      collected: exact !== null,
      committed: sample.process.heapTotalBytes,
    });
    this.#samples += 1;
    if (!mark) return false;
    this.#own.endMark();
    const { atMs, collected, committed, load } = mark;
    if (this.#seen === 0) this.#firstMs = atMs;
    const common = { at: this.#seen, atMs, collected, committed, load };
    this.#seen += 1;
    this.#sinceExact = collected ? 0 : this.#sinceExact + 1;
    const results = new Map<Lane, { verdict: Assessment; scale: number }>();
    for (const lane of LANES) {
      const known = lane === "heap" ? mark.exact : null;
      results.set(lane, this.#lanes[lane].push({ ...common, low: mark.low[lane], exact: known }));
    }
    for (const series of LEAK_SERIES) this.#stand(series, this.#judge(series, results), atMs);
    this.#state = this.#overall();
    return before !== this.#fingerprint();
  }

  /** What stands against each channel now, whether it is suspected or not. */
  verdicts(): readonly SeriesVerdict[] {
    return LEAK_SERIES.map((series) => this.#standings.get(series)?.verdict).filter((v) => v != null);
  }

  /** The channels under suspicion, the surest first. */
  suspects(): readonly SeriesVerdict[] {
    return this.verdicts()
      .filter((v) => v.stage !== "clear")
      .sort((a, b) => Number(b.stage === "confirmed") - Number(a.stage === "confirmed") || b.confidence - a.confidence);
  }

  /**
   * Whether a forced collection now would help: something is suspected, or raw heap looks as if it should be, and the last
   * collection is ten samples old or older.
   */
  wantsCollection(): boolean {
    if (this.#sinceExact < COLLECT_EVERY) return false;
    if ([...this.#standings.values()].some((s) => s.stage !== "clear")) return true;
    return this.#seen % 4 === 0 && this.#lanes.heap.fine.looksGrowing();
  }

  /** What a chart of the channel shows: its marks and the curve that was judged. */
  trace(series: LeakSeries): { marks: readonly Mark[]; curve: readonly { at: number; value: number }[] } {
    const channel = this.#lanes[series].fine;
    return { marks: channel.marks, curve: channel.curve?.points ?? [] };
  }

  #judge(series: LeakSeries, results: ReadonlyMap<Lane, { verdict: Assessment; scale: number }>): SeriesVerdict {
    const { verdict, scale } = results.get(series) ?? { verdict: NOTHING, scale: 1 };
    const checked =
      series === "native" ? this.#checkNative(verdict, results.get("nativeUsed")?.verdict ?? NOTHING) : verdict;
    const lane = this.#lanes[series];
    const marks = (scale === 1 ? lane.fine : lane.coarse).marks;
    const perHour = 3_600_000 / markMs(marks);
    return {
      series,
      stage: checked.stage,
      ruledOut: checked.ruledOut,
      method: checked.method,
      slopeBytesPerHour: Math.round(checked.slope * perHour),
      slopeLow: Math.round(checked.low * perHour),
      slopeHigh: Math.round(checked.high * perHour),
      confidence: checked.confidence,
      firstSeenAt: new Date(marks.find((m) => m.at >= checked.from)?.atMs ?? marks[0]?.atMs ?? 0).toISOString(),
      samples: (checked.to - checked.from) * scale + 1,
      unexplainedBytes: Math.round(checked.growthBytes),
    };
  }

  /** RSS counts committed heap that was never touched, and heap that was freed but kept: native growth must show against both. */
  #checkNative(committed: Assessment, used: Assessment): Assessment {
    if (committed.stage === "clear") return committed;
    const weaker = used.stage === "confirmed" ? committed : used;
    if (weaker.stage === "clear") return weaker;
    const near = (m: Mark) => m.at >= weaker.from && m.at < weaker.from + AROUND;
    const level = (lane: "native" | "nativeUsed") =>
      median(this.#lanes[lane].fine.marks.filter(near).map((m) => m.low));
    const then = Math.min(level("nativeUsed"), level("native") + MOST_UNTOUCHED_BYTES);
    const now = Math.min(...this.#lanes.native.fine.marks.slice(-AROUND).map((m) => m.low));
    return now - then >= CERTAIN_NATIVE_BYTES ? weaker : { ...weaker, stage: "clear", ruledOut: "no-growth" };
  }

  /** Whether the process and the growth have both been seen for half an hour. */
  #longEnough(seen: SeriesVerdict, atMs: number): boolean {
    return atMs - Math.max(this.#firstMs, Date.parse(seen.firstSeenAt)) >= LEAST_MS;
  }

  #stand(series: LeakSeries, judged: SeriesVerdict, atMs: number): void {
    const early = judged.stage === "confirmed" && !this.#longEnough(judged, atMs);
    const seen = early ? { ...judged, stage: "suspected" as const } : judged;
    const standing = this.#standings.get(series) ?? { stage: "clear", agreeing: 0, calm: 0, verdict: null };
    const worse = RANK[seen.stage] > RANK[standing.stage];
    standing.agreeing = worse ? standing.agreeing + 1 : 0;
    standing.calm = RANK[seen.stage] < RANK[standing.stage] ? standing.calm + 1 : 0;
    if (worse && standing.agreeing >= AGREEING[seen.method]) {
      standing.stage = seen.stage;
      standing.agreeing = 0;
    }
    if (standing.calm >= (standing.stage === "confirmed" ? OVER_AFTER : SUSPICION_HOLDS)) {
      standing.stage = seen.stage;
      standing.calm = 0;
    }
    // While a verdict stands against calmer readings, its figures stand too.
    const keep = standing.verdict !== null && RANK[seen.stage] < RANK[standing.stage];
    standing.verdict = { ...(keep && standing.verdict ? standing.verdict : seen), stage: standing.stage };
    this.#standings.set(series, standing);
  }

  #overall(): LeakState {
    const stages = [...this.#standings.values()].map((s) => s.stage);
    if (stages.includes("confirmed")) return "confirmed";
    if (stages.includes("suspected")) return "suspected";
    return this.#seen < HEAP_HORIZONS.suspectAge ? "warming-up" : "clear";
  }

  #fingerprint(): string {
    return [this.#state, ...LEAK_SERIES.map((s) => this.#standings.get(s)?.stage ?? "clear")].join(" ");
  }
}

const RANK: Record<Stage, number> = { clear: 0, suspected: 1, confirmed: 2 };

function lessOwn(readings: Record<Lane, number>, own: (lane: Lane) => number): Record<Lane, number> {
  return {
    heap: readings.heap - own("heap"),
    external: readings.external - own("external"),
    arrayBuffers: readings.arrayBuffers - own("arrayBuffers"),
    native: readings.native - own("native"),
    nativeUsed: readings.nativeUsed - own("nativeUsed"),
  };
}

/** @param heapBytes of RSS: committed, or kept for later. */
function read(sample: LeakSample, heapBytes: number): Record<Lane, number> {
  const { rssBytes, heapUsedBytes, heapTotalBytes, externalBytes, arrayBuffersBytes } = sample.process;
  return {
    heap: heapUsedBytes,
    external: externalBytes,
    arrayBuffers: arrayBuffersBytes,
    native: rssBytes - heapBytes - externalBytes,
    nativeUsed: rssBytes - (heapBytes - heapTotalBytes) - heapUsedBytes - externalBytes,
  };
}

/** The usual time between two marks, ms: samples are missed now and then, so the median. */
function markMs(marks: readonly Mark[]): number {
  const steps = marks.slice(-64).map((mark, i, all) => mark.atMs - (all[i - 1]?.atMs ?? mark.atMs));
  return Math.max(1, median(steps.slice(1).filter((step) => step > 0)) || 30_000);
}
