import { isPlausible, type LeakSample } from "./sample.ts";

/** Faults that are named one by one; the rest is only counted. */
const MAX_NAMED = 5;
/** So many samples in order, though all before one that was taken: not they are astray, the clock was set. */
const CLOCK_SET_AFTER = 3;
const FIGURES = ["rssBytes", "heapUsedBytes", "heapTotalBytes", "externalBytes", "arrayBuffersBytes"] as const;

/**
 * Makes samples of recorded lines. A line that cannot be one (no JSON, a figure missing or impossible, earlier than the line before) is
 * left out as if the sample had been missed, and remembered for `report`. Holds five texts and two times, however long the recording.
 */
export class ReplayLines {
  #line = 0;
  #taken = 0;
  #leftOut = 0;
  readonly #named: string[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;
  #late = { atMs: Number.NEGATIVE_INFINITY, inOrder: 0 };

  get taken(): number {
    return this.#taken;
  }

  /** @returns the sample, or null for a line without one: empty, a header (`{"meta": …}`), or left out. */
  take(text: string): LeakSample | null {
    this.#line += 1;
    const bare = text.replace(/^\uFEFF/, "").trim();
    if (bare === "") return null;
    let value: unknown;
    try {
      value = JSON.parse(bare);
    } catch {
      return this.#leaveOut("not JSON");
    }
    if (!isRecord(value)) return this.#leaveOut("not an object");
    if ("meta" in value) return null;
    const sample = toSample(value, this.#taken);
    if (typeof sample === "string") return this.#leaveOut(sample);
    if (!this.#inOrder(Date.parse(sample.sampledAt))) return this.#leaveOut("not later than the previous sample");
    this.#taken += 1;
    return sample;
  }

  /** What was left out, for a person; null when nothing was. */
  report(): string | null {
    if (this.#leftOut === 0) return null;
    const more = this.#leftOut > this.#named.length ? `; and ${this.#leftOut - this.#named.length} more` : "";
    return `left out ${this.#leftOut} of ${this.#line} lines (${this.#named.join("; ")}${more})`;
  }

  #leaveOut(reason: string): null {
    this.#leftOut += 1;
    if (this.#named.length < MAX_NAMED) this.#named.push(`line ${this.#line}: ${reason}`);
    return null;
  }

  #inOrder(ms: number): boolean {
    if (ms <= this.#lastMs) {
      this.#late = { atMs: ms, inOrder: ms > this.#late.atMs ? this.#late.inOrder + 1 : 1 };
      if (this.#late.inOrder < CLOCK_SET_AFTER) return false;
    }
    this.#lastMs = ms;
    this.#late = { atMs: Number.NEGATIVE_INFINITY, inOrder: 0 };
    return true;
  }
}

/** @returns the sample, or what is wrong with it. Without `gc` there was no collection, without `activity` no request. */
function toSample(value: Record<string, unknown>, position: number): LeakSample | string {
  const { process, gc, activity, sampledAt, sequence, breakdown } = value;
  if (typeof sampledAt !== "string") return "sampledAt is missing";
  if (!isRecord(process)) return "process is missing";
  const missing = FIGURES.find((name) => typeof process[name] !== "number");
  if (missing) return `process.${missing} is missing`;
  const figures = process as LeakSample["process"] & Record<string, unknown>;
  const exact = isRecord(gc) ? (gc.heapUsedAfterMajorBytes ?? null) : null;
  const requests = isRecord(activity) ? (activity.requests ?? 0) : 0;
  if (exact !== null && typeof exact !== "number") return "gc.heapUsedAfterMajorBytes is not a number";
  if (typeof requests !== "number") return "activity.requests is not a number";
  const sample: LeakSample = {
    sequence: typeof sequence === "number" ? sequence : position,
    sampledAt,
    process: figures,
    gc: { heapUsedAfterMajorBytes: exact },
    activity: { requests },
    breakdown: Array.isArray(breakdown) ? breakdown.filter(isComponent) : undefined,
  };
  return isPlausible(sample) ? sample : "a figure or the time is not plausible";
}

function isComponent(value: unknown): value is { component: string; bytes: number } {
  return isRecord(value) && typeof value.component === "string" && typeof value.bytes === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
