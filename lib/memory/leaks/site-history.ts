import { MAX_SITES, type SiteBytes } from "./allocation-sites.ts";

/** Readings kept per site, evenly thinned as they grow old, and sites kept in all. */
const MAX_READINGS = 48;
const MAX_TRACKED = 128;
/** How many sites a verdict names. */
const NAMED = 5;
/** Ten times the growth weighs as much as 2.5 times the depth. */
const GROWTH_WEIGHT = 0.4;

export interface Culprit {
  site: string;
  constructorName: string | null;
  liveBytes: number;
  growthBytes: number;
}

interface Tracked {
  functionName: string;
  depth: number;
  readings: { at: number; bytes: number }[];
}

/**
 * Live bytes per allocation site over time. A site's growth is that of its floor: what it holds now at the least, less the
 * least it held in the early readings; so a batch that fills and is dropped does not grow. Bounded in sites and readings.
 */
export class SiteHistory {
  readonly #sites = new Map<string, Tracked>();
  #profiles = 0;
  /** What a site may have held in the last profile without being named in it: a full one leaves out the smaller. */
  #unnamedBytes = 0;

  get size(): number {
    return this.#sites.size;
  }

  /** Takes one folded profile; a site that it does not name holds nothing now, or less than those that a full one names. */
  push(sites: readonly SiteBytes[]): void {
    const at = this.#profiles++;
    const seen = new Map(sites.map((s) => [s.site, s]));
    const unnamed = sites.length >= MAX_SITES ? Math.min(...sites.map((s) => s.liveBytes)) : 0;
    for (const [name, tracked] of this.#sites) {
      if (!seen.has(name)) add(tracked, at, Math.min(unnamed, tracked.readings.at(-1)?.bytes ?? 0));
    }
    for (const s of sites) {
      const tracked = this.#sites.get(s.site) ?? { functionName: s.functionName, depth: s.depth, readings: [] };
      if (tracked.readings.length === 0 && at > 0) {
        tracked.readings.push({ at: at - 1, bytes: Math.min(this.#unnamedBytes, s.liveBytes) });
      }
      tracked.depth = Math.max(tracked.depth, s.depth);
      add(tracked, at, s.liveBytes);
      this.#sites.set(s.site, tracked);
    }
    this.#unnamedBytes = unnamed;
    this.#forget();
  }

  /**
   * The sites that grew, the likeliest culprits first: by growth, and by how near they are to the allocation. All callers on a leak's
   * path grow alike, and the main loop is no help; and V8's sampler does not see functions that the compiler inlined, so that a
   * small deep site that only ever grew says more than its bytes. What holds much but did not grow is none: one profile names nobody.
   */
  culprits(): Culprit[] {
    const all = [...this.#sites].map(([site, tracked]) => ({ site, tracked, growth: growthOf(tracked) }));
    const kept = all.filter((g) => Math.round(g.growth) > 0);
    const most = Math.max(...kept.map((g) => g.growth));
    const deepest = Math.max(...kept.map((g) => g.tracked.depth));
    const score = (g: (typeof kept)[number]) =>
      (g.growth / most) ** GROWTH_WEIGHT * ((1 + g.tracked.depth) / (1 + deepest));
    kept.sort((a, b) => score(b) - score(a));
    return kept.slice(0, NAMED).map(({ site, tracked, growth }) => ({
      site,
      constructorName: /^(new )?[A-Z]\w*$/.test(tracked.functionName) ? tracked.functionName.replace("new ", "") : null,
      liveBytes: Math.round(tracked.readings.at(-1)?.bytes ?? 0),
      growthBytes: Math.round(growth),
    }));
  }

  #forget(): void {
    if (this.#sites.size <= MAX_TRACKED) return;
    const byBytes = [...this.#sites].sort(
      (a, b) => (a[1].readings.at(-1)?.bytes ?? 0) - (b[1].readings.at(-1)?.bytes ?? 0),
    );
    for (const [site] of byBytes.slice(0, this.#sites.size - MAX_TRACKED)) this.#sites.delete(site);
  }
}

function add(tracked: Tracked, at: number, bytes: number): void {
  tracked.readings.push({ at, bytes });
  if (tracked.readings.length <= MAX_READINGS) return;
  // Every second of the older half goes: old readings stay, further apart.
  tracked.readings = tracked.readings.filter((_, i, all) => i === 0 || i >= all.length / 2 || i % 2 === 0);
}

/** What the site holds now at the least, less the least that it held early; 0 while there is nothing to compare with. */
function growthOf({ readings }: Tracked): number {
  if (readings.length < 2) return 0;
  const some = Math.ceil(readings.length / 4);
  const least = (part: readonly { bytes: number }[]) => Math.min(...part.map((r) => r.bytes));
  return Math.max(0, least(readings.slice(-some)) - least(readings.slice(0, some)));
}
