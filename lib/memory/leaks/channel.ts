import { type Assessment, assess, type Context, judgeBatches, NOTHING } from "./assess.ts";
import { SCAVENGE_MARKS } from "./envelope.ts";
import { type Horizons, UNPROVEN_HORIZONS } from "./horizons.ts";
import { collectedCurve, directCurve, type LiveCurve, trustingCurve } from "./live-curve.ts";
import type { Mark } from "./mark.ts";
import { median } from "./robust.ts";
import { provenUntil } from "./uncollected.ts";

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

  /** @param formerHigh the highest level held before this window, bytes; -Infinity when unknown. */
  assess(formerHigh: number): Assessment {
    const last = this.#marks.at(-1);
    if (!last) return NOTHING;
    const loadAt = variableLoad(this.#marks);
    const context = { age: last.at + 1, loadAt, formerHigh, horizons: this.#horizons };
    if (this.#kind !== "heap") return this.#assessDirect(context);
    this.curve = collectedCurve(this.#marks, WARM_UP_MARKS.heap);
    const proven = assess(this.curve, context);
    const byBand = proven.method === "support-band";
    if ((proven.stage === "confirmed" && !byBand) || !this.curve || loadAt) return proven;
    const batches = judgeBatches(this.#marks, WARM_UP_MARKS.heap, context);
    // The band guesses at what the pauses show.
    if (batches && (byBand || batches.stage === "confirmed")) return batches;
    if (byBand) return proven;
    const trusting = this.#trust(this.curve);
    if (!trusting) return proven;
    const unproven = assess(trusting, { ...context, horizons: UNPROVEN_HORIZONS });
    return unproven.stage === "confirmed" ? unproven : proven;
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
    const context = { age: this.#marks.length, loadAt: null, formerHigh: Number.NEGATIVE_INFINITY };
    return assess(curve, { ...context, horizons: { ...this.#horizons, suspectSpan: 30 } }).stage !== "clear";
  }

  /**
   * Raw growth is trusted where every collection has shown most of it to be live, where it goes on, and where proof is not to be had
   * soon: a heap that quadruples within the hour is collected often enough to wait for it.
   */
  #trust(curve: LiveCurve): LiveCurve | null {
    const trusting = trustingCurve(this.#marks, curve);
    const [first, last] = [trusting.points[0], trusting.points.at(-1)];
    if (!first || !last || last.value > MOST_UNPROVEN * first.value) return null;
    if (curve.segments.some((s) => s.liveBytes < LEAST_LIVE * s.envelopeBytes)) return null;
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

/** The load around a mark, smoothed as widely as the curve's steps, if it varies by more than 15 %; else null. */
function variableLoad(marks: readonly Mark[]): ((at: number) => number) | null {
  const reach = 6;
  const first = marks[0]?.at ?? 0;
  const sums = new Float64Array(marks.length + 1);
  let least = Number.MAX_VALUE;
  let most = 0;
  for (let i = 0; i < marks.length; i++) {
    const load = marks[i]?.load ?? 0;
    sums[i + 1] = (sums[i] ?? 0) + load;
    least = Math.min(least, load);
    most = Math.max(most, load);
  }
  const varied = (spread: number, level: number) => spread > 0.15 * Math.max(1e-9, level);
  if (!varied(most - least, most)) return null;
  const smooth = (at: number) => {
    const from = Math.max(0, at - first - reach);
    const to = Math.min(marks.length, at - first + reach + 1);
    return ((sums[to] ?? 0) - (sums[from] ?? 0)) / Math.max(1, to - from);
  };
  const levels = marks.filter((_, i) => i % reach === 0).map((mark) => smooth(mark.at));
  return varied(Math.max(...levels) - Math.min(...levels), median(levels)) ? smooth : null;
}
