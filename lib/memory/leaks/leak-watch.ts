import type { FormerVerdict, LeakReport } from "../../contracts/memory.ts";
import type { SiteBytes } from "./allocation-sites.ts";
import type { RuledOut } from "./growth-tests.ts";
import { LeakDetector, type LeakState, type SeriesVerdict } from "./leak-detector.ts";
import type { LeakSample, LeakSeries } from "./sample.ts";
import { SiteHistory } from "./site-history.ts";

/** Why growth is not called a leak, for a person. */
const WORDS: Record<RuledOut, string> = {
  "too-young": "Not enough samples or garbage collections yet to tell live memory from garbage.",
  overclaimed: "The stores report more memory than the process uses, so the rest cannot be judged.",
  "no-growth": "Live memory does not grow.",
  noise: "The readings vary more than they grow.",
  uneven: "Growth is not steady: parts of the observed time show none.",
  step: "Most of the growth is a single step, such as something loaded once.",
  refill: "Memory returns to an earlier level, as when a flushed store fills up again.",
  load: "Memory follows the number of requests.",
  plateau: "Growth has stopped, as when a cache or pool is full.",
};

const METHODS: Record<SeriesVerdict["method"], string> = {
  "live-curve": "live memory after collections, shaped by the raw envelope between them; Theil–Sen slope",
  "support-band": "drift of the band that contains all readings after collections (batches hide the rest)",
  batches: "memory that outlived the pauses between batches; Theil–Sen slope",
  floor: "floor of the raw readings; Theil–Sen slope",
};

export interface RuledOutEntry {
  series: LeakSeries;
  reason: RuledOut;
  text: string;
}

/** A detector that has seen so many marks would have confirmed a leak again. */
const JUDGED_MARKS = 120;

/** One watched process: its detector, the allocation sites that grow in it, and what was said of it before a restart. */
export class LeakWatch {
  readonly detector = new LeakDetector();
  readonly #sites = new SiteHistory();
  #before: FormerVerdict = null;
  #reached: FormerVerdict = null;
  #told = "";

  /** Takes a sample in. @returns true when what `report` says changed. */
  push(sample: LeakSample): boolean {
    this.detector.push(sample);
    const state = this.state;
    if (state === "confirmed" || (state === "clear" && this.detector.marks >= JUDGED_MARKS)) this.#before = null;
    const told = [
      state,
      ...this.detector
        .suspects()
        .map((v) => `${v.series} ${v.stage}`)
        .sort(),
    ].join();
    const first = this.#told === "" && (state === "clear" || state === "warming-up");
    if (told === this.#told) return false;
    this.#told = told;
    this.#reached = state === "suspected" || state === "confirmed" ? { state, at: sample.sampledAt } : null;
    return !first;
  }

  pushSites(sites: readonly SiteBytes[]): void {
    this.#sites.push(sites);
  }

  /** What was said of the process before it, or before this server restarted: it stands until this one is judged. */
  inherit(before: FormerVerdict): void {
    if (this.state === "warming-up" || this.state === "clear") this.#before = before;
  }

  /** After a leak, the time that would confirm it again is no time of "no leak". */
  get state(): LeakState {
    const { state, marks } = this.detector;
    return state === "clear" && this.#before && marks < JUDGED_MARKS ? "warming-up" : state;
  }

  get before(): FormerVerdict {
    return this.#before;
  }

  /** The verdict that a successor inherits: its own, or what it inherited itself. */
  get standing(): FormerVerdict {
    return this.#reached?.state === "confirmed" ? this.#reached : (this.#before ?? this.#reached);
  }

  report(): LeakReport {
    const culprits = this.#sites.culprits();
    return {
      state: this.state,
      before: this.#before,
      suspects: this.detector.suspects().map((v) => ({
        series: v.series,
        slopeBytesPerHour: v.slopeBytesPerHour,
        slopeLow: v.slopeLow,
        slopeHigh: v.slopeHigh,
        confidence: v.confidence,
        firstSeenAt: v.firstSeenAt,
        evidence: { samples: v.samples, method: METHODS[v.method], unexplainedBytes: v.unexplainedBytes },
        // Native memory is not V8's: no allocation site can be told, and a guess would send someone the wrong way.
        attribution: v.series === "native" ? [] : culprits,
      })),
    };
  }

  culprits() {
    return this.#sites.culprits();
  }

  ruledOut(): RuledOutEntry[] {
    return this.detector
      .verdicts()
      .flatMap((v) =>
        v.stage === "clear" && v.ruledOut ? [{ series: v.series, reason: v.ruledOut, text: WORDS[v.ruledOut] }] : [],
      );
  }
}
