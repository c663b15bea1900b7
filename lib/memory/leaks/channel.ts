import { type Assessment, assess, type Context, judgeBatches, NOTHING } from "./assess.ts";
import { goesStraight } from "./bend.ts";
import { commitsLess, SCAVENGE_MARKS } from "./envelope.ts";
import { type Horizons, UNPROVEN_HORIZONS } from "./horizons.ts";
import { collectedCurve, directCurve, type LiveCurve, straightCurve, trustingCurve } from "./live-curve.ts";
import type { Mark } from "./mark.ts";
import { provenUntil } from "./uncollected.ts";
import { WindowContext } from "./window-context.ts";

/** Marks kept at each scale: a little over two hours of samples, and 17 hours of blocks. */
export const WINDOW_MARKS = 256;
export const BLOCK_SAMPLES = 8;

/** Start-up itself (modules, first compilation) ends within these marks. */
const WARM_UP_MARKS = { heap: 6, direct: 12 };

/** Raw heap up to this many times the first proven level, of which collections left at least this share, may stand for live memory. */
const MOST_UNPROVEN = 4;
const LEAST_LIVE = 0.7;
/** The least that raw lows must have risen of late, of what the whole growth would have them rise. */
const LATE_RISE = 0.5;

/**
 * What a reading of the channel counts. The heap: live memory is known where a collection ended, and nowhere else. Buffers: the reading
 * counts what waits for a collection too. Native memory: what is there.
 */
export type ChannelKind = "heap" | "buffers" | "native";

/** One channel at one scale: its marks, and what they are worth. Holds at most WINDOW_MARKS marks. */
export class Channel {
  readonly #marks: Mark[] = [];
  readonly #horizons: Horizons;
  readonly #kind: ChannelKind;
  curve: LiveCurve | null = null;

  constructor(horizons: Horizons, kind: ChannelKind) {
    this.#horizons = horizons;
    this.#kind = kind;
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  push(mark: Mark): void {
    this.#marks.push(mark);
    if (this.#marks.length > WINDOW_MARKS) this.#marks.shift();
  }

  /** Forgets all marks: what comes next is judged by itself. */
  restart(): void {
    this.#marks.length = 0;
    this.curve = null;
  }

  /**
   * @param formerHigh the highest level held before this window, bytes; -Infinity when unknown.
   * @param dayKnown whether a whole day has been seen before it.
   */
  assess(formerHigh: number, dayKnown: boolean): Assessment {
    const last = this.#marks.at(-1);
    if (!last) return NOTHING;
    const context = new WindowContext(this.#marks, this.#horizons, formerHigh, dayKnown);
    if (this.#kind !== "heap") return this.#assessDirect(context);
    this.curve = collectedCurve(this.#marks, WARM_UP_MARKS.heap);
    const proven = assess(this.curve, context);
    const byBand = proven.method === "support-band";
    if ((proven.stage === "confirmed" && !byBand) || !this.curve || context.loadAt) return proven;
    const batches = judgeBatches(this.#marks, WARM_UP_MARKS.heap, context);
    // The band guesses at what the pauses show.
    if (batches && (byBand || batches.stage === "confirmed")) return batches;
    if (byBand) return proven;
    const straight = assess(straightCurve(this.#marks, this.curve), context);
    if (straight.stage === "confirmed") return straight;
    const trusting = this.#trust(this.curve);
    if (!trusting) return proven;
    const { withProcess, firstHours, halfDay } = this.#horizons;
    const unproven = assess(trusting, context.under({ ...UNPROVEN_HORIZONS, withProcess, firstHours, halfDay }));
    return unproven.stage === "confirmed" && goesStraight(this.#marks, unproven.from) ? unproven : proven;
  }

  #assessDirect(context: Context): Assessment {
    const warm = (this.#marks[0]?.at ?? 0) >= WARM_UP_MARKS.direct;
    const marks = warm ? this.#marks : this.#marks.filter((mark) => mark.at >= WARM_UP_MARKS.direct);
    this.curve = directCurve(marks);
    const seen = assess(this.curve, context);
    if (this.#kind !== "buffers" || seen.stage !== "confirmed") return seen;
    const until = provenUntil(marks, seen.from);
    if (until >= marks.length - 1) return seen;
    const proven = assess(directCurve(marks.slice(0, until + 1)), context);
    return proven.stage === "confirmed" ? proven : { ...seen, stage: "suspected" };
  }

  /** Whether the raw readings look as if there were a leak, collections apart: worth a collection to find out. */
  looksGrowing(): boolean {
    if (this.#kind !== "heap" || this.#marks.length < this.#horizons.suspectAge) return false;
    const curve = this.curve ? trustingCurve(this.#marks, this.curve) : directCurve(this.#marks);
    const context = {
      age: this.#marks.length,
      loadAt: null,
      formerHigh: Number.NEGATIVE_INFINITY,
      meanLoad: null,
      dayKnown: true,
    };
    return assess(curve, { ...context, horizons: { ...this.#horizons, suspectSpan: 30 } }).stage !== "clear";
  }

  /**
   * Raw growth is trusted where every collection has shown most of it to be live, where it goes on, committed memory with it, and where
   * proof is not to be had soon: a heap that quadruples within the hour is collected often enough to wait for it.
   */
  #trust(curve: LiveCurve): LiveCurve | null {
    const trusting = trustingCurve(this.#marks, curve);
    const [first, last] = [trusting.points[0], trusting.points.at(-1)];
    if (!first || !last || last.value > MOST_UNPROVEN * first.value) return null;
    if (curve.segments.some((s) => s.liveBytes < LEAST_LIVE * s.envelopeBytes)) return null;
    const collectedAt = curve.anchors.at(-1)?.at;
    const since = this.#marks.findIndex((mark) => mark.at === collectedAt);
    if (commitsLess(this.#marks, since)) return null;
    const rate = (last.value - first.value) / Math.max(1, last.at - first.at);
    return this.#lowsRisen() >= LATE_RISE * rate * SCAVENGE_MARKS ? trusting : null;
  }

  /** How far the raw lows of the last scavenge lie above those of the one before: the envelope itself lags by a scavenge. */
  #lowsRisen(): number {
    const low = (marks: readonly Mark[]) => Math.min(...marks.map((mark) => mark.low));
    const recent = this.#marks.slice(-2 * SCAVENGE_MARKS);
    return low(recent.slice(-SCAVENGE_MARKS)) - low(recent.slice(0, -SCAVENGE_MARKS));
  }
}
