import { type Assessment, NOTHING } from "./assess.ts";
import { BLOCK_SAMPLES, Channel, type ChannelKind } from "./channel.ts";
import { DayLevels } from "./day-levels.ts";
import { type Horizons, inBlocks } from "./horizons.ts";
import type { Mark } from "./mark.ts";

const CALM_EVERY = 2;
const OVERCLAIMED: Assessment = { ...NOTHING, ruledOut: "overclaimed" };

/** A channel at two scales: by the sample, for leaks of megabytes an hour, and by blocks, for those of megabytes a day. */
export class ChannelPair {
  readonly fine: Channel;
  readonly coarse: Channel;
  readonly #kind: ChannelKind;
  #levels = new DayLevels();
  #block: Mark | null = null;
  #blockSamples = 0;
  #coarseVerdict: Assessment = NOTHING;
  #fineVerdict: Assessment = NOTHING;

  constructor(horizons: Horizons, kind: ChannelKind) {
    this.fine = new Channel(horizons, kind);
    this.coarse = new Channel(inBlocks(horizons, BLOCK_SAMPLES), kind);
    this.#kind = kind;
  }

  /** Takes one mark in; returns the worse of both scales' verdicts, with `scale` samples to a mark. */
  push(mark: Mark): { verdict: Assessment; scale: number } {
    // Stores claim more than there is: what is left tells nothing, and growth out of it is no growth.
    if (mark.low < 0 || (mark.exact ?? 0) < 0) return this.#restart();
    this.fine.push(mark);
    const blockDone = this.#gather(mark);
    // A channel that is clear is looked at again with every second sample; one under suspicion, or newly known, with each.
    if (this.#fineVerdict.stage !== "clear" || mark.exact !== null || mark.at % CALM_EVERY === 0) {
      this.#fineVerdict = this.#assess(this.fine);
    }
    const verdict = this.#fineVerdict;
    if (blockDone) this.#coarseVerdict = this.#assess(this.coarse);
    const worse = this.#coarseVerdict.stage === "confirmed" && verdict.stage !== "confirmed";
    return worse ? { verdict: this.#coarseVerdict, scale: BLOCK_SAMPLES } : { verdict, scale: 1 };
  }

  #restart(): { verdict: Assessment; scale: number } {
    this.fine.restart();
    this.coarse.restart();
    this.#levels = new DayLevels();
    this.#block = null;
    this.#blockSamples = 0;
    this.#fineVerdict = OVERCLAIMED;
    this.#coarseVerdict = NOTHING;
    return { verdict: OVERCLAIMED, scale: 1 };
  }

  #gather(mark: Mark): boolean {
    const open = this.#block;
    this.#block = {
      at: Math.floor(mark.at / BLOCK_SAMPLES),
      atMs: open?.atMs ?? mark.atMs,
      low: Math.min(open?.low ?? mark.low, mark.low),
      exact: open?.exact == null ? mark.exact : Math.min(open.exact, mark.exact ?? open.exact),
      collected: open?.collected || mark.collected,
      committed: mark.committed,
      load: (open?.load ?? 0) + mark.load / BLOCK_SAMPLES,
    };
    this.#blockSamples += 1;
    if (this.#blockSamples < BLOCK_SAMPLES) return false;
    this.coarse.push(this.#block);
    // Raw heap is mostly garbage: a level that it held is one that a collection left.
    if (this.#kind !== "heap" || this.#block.exact !== null) this.#levels.push(this.#block);
    this.#block = null;
    this.#blockSamples = 0;
    return true;
  }

  #assess(channel: Channel): Assessment {
    const since = channel.marks[0]?.atMs ?? 0;
    const now = channel.marks.at(-1)?.atMs ?? 0;
    const held = this.#levels.highBefore(since);
    // Two hours may be a job of each night; what lasts for seventeen is none.
    const formerHigh = channel === this.fine ? Math.max(held, this.#levels.highDayBefore(now)) : held;
    return channel.assess(formerHigh, this.#levels.knowsDay(now));
  }
}
