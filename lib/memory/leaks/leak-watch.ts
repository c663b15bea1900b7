import type { LeakReport } from "../../contracts/memory.ts";
import type { SiteBytes } from "./allocation-sites.ts";
import type { RuledOut } from "./growth-tests.ts";
import { LeakDetector, type SeriesVerdict } from "./leak-detector.ts";
import type { LeakSample, LeakSeries } from "./sample.ts";
import { SiteHistory } from "./site-history.ts";

/** Why growth is not called a leak, for a person. */
const WORDS: Record<RuledOut, string> = {
  "too-young": "Not enough samples or collections yet to tell live memory from garbage.",
  overclaimed: "Stores claim more than the memory that is there, so that nothing can be said about the rest.",
  "no-growth": "What is kept does not grow.",
  noise: "Readings scatter more than they grow.",
  uneven: "Growth comes and goes: it is not in every part of the time seen.",
  step: "Most of the growth is one step: something was loaded once.",
  refill: "Memory climbs back to a level that it had before: a store that was flushed fills again.",
  load: "Memory follows the number of requests.",
  plateau: "Growth has come to an end: a cache or pool is full.",
};

const METHODS: Record<SeriesVerdict["method"], string> = {
  "live-curve": "live memory after collections, shaped by the raw envelope between them; Theil–Sen slope",
  "support-band": "the drift of the band that holds all readings after collections (batches hide the rest)",
  batches: "what outlived the pauses between batches; Theil–Sen slope",
  floor: "floor of the raw readings; Theil–Sen slope",
};

export interface RuledOutEntry {
  series: LeakSeries;
  reason: RuledOut;
  text: string;
}

/** One watched process: its detector, and the allocation sites that grow in it. */
export class LeakWatch {
  readonly detector = new LeakDetector();
  readonly #sites = new SiteHistory();

  push(sample: LeakSample): boolean {
    return this.detector.push(sample);
  }

  pushSites(sites: readonly SiteBytes[]): void {
    this.#sites.push(sites);
  }

  report(): LeakReport {
    const culprits = this.#sites.culprits();
    return {
      state: this.detector.state,
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
