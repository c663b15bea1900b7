import { MIB } from "../../shared/bytes.ts";

/** Every horizon counts marks: samples at the fine scale (30 s each), blocks of eight samples at the coarse one. */
export interface Horizons {
  /** No channel is confirmed before the process is this old: an hour of warm-up is nothing unusual. */
  readonly age: number;
  /** Growth since the start must reach this far: a cache may well take the better part of an hour to fill. */
  readonly reach: number;
  /** Growth that began later, after a flat time, has less excuse. */
  readonly spanLater: number;
  readonly suspectAge: number;
  readonly suspectSpan: number;
  /** How much a mark of growing raw heap since the last collection counts, and for how much of the proven span at most. */
  readonly unprovenShare: number;
  readonly unprovenCap: number;
  /** A span is cut into this many blocks; that many must each grow by `blockShare` of the mean, the first one too. */
  readonly blocks: number;
  readonly blocksGrowing: number;
  readonly blockShare: number;
  /** Late growth, over a third of the span and over the last `lateMarks`, against the median block's. */
  readonly lateShare: number;
  readonly lateMarks: number;
  /** What the last third since growth began must bring at least, of what the first brought, while few collections have shown any. */
  readonly levelShare: number;
  /** No single block may hold more of the growth than this: one-off steps are no leak. */
  readonly stepShare: number;
  readonly minimumBytes: number;
  readonly minimumShare: number;
  /** Growth that began before this mark began with the process. */
  readonly startMarks: number;
  /**
   * Where nothing is known of the requests: growth that began by `withProcess` began with the process, and shows by `firstHours`; any other
   * must last for half a day, until a whole day was seen.
   */
  readonly withProcess: number;
  readonly firstHours: number;
  readonly halfDay: number;
}

export const HEAP_HORIZONS: Horizons = {
  age: 112,
  reach: 114,
  spanLater: 80,
  suspectAge: 60,
  suspectSpan: 50,
  unprovenShare: 0.15,
  unprovenCap: 0.6,
  blocks: 6,
  blocksGrowing: 5,
  blockShare: 0.25,
  lateShare: 0.6,
  lateMarks: 12,
  levelShare: 0.85,
  stepShare: 0.5,
  minimumBytes: 2.5 * MIB,
  minimumShare: 0.04,
  startMarks: 24,
  withProcess: 120,
  firstHours: 300,
  halfDay: 1_440,
};

/** Growth of the raw heap without a collection to prove it must last as long wherever it began, and never pause. */
export const UNPROVEN_HORIZONS: Horizons = {
  ...HEAP_HORIZONS,
  reach: 146,
  spanLater: 130,
  blocksGrowing: 6,
  blockShare: 0.15,
  lateShare: 0.75,
  levelShare: 0.9,
  unprovenShare: 0,
};

/**
 * Off the heap each reading is known, so a plateau shows at once, and less growth tells; the reach pays for a pool that fills for most of an
 * hour.
 */
export const EXTERNAL_HORIZONS: Horizons = { ...HEAP_HORIZONS, reach: 114, minimumBytes: MIB };

/** RSS creeps in healthy programs too (pages touched late, fragments, pools of threads): native growth must be larger and last longer. */
export const NATIVE_HORIZONS: Horizons = {
  ...HEAP_HORIZONS,
  reach: 114,
  spanLater: 96,
  minimumBytes: 6 * MIB,
  minimumShare: 0.1,
};

/** The same in blocks, for what is told in time and not in marks. */
export function inBlocks(h: Horizons, blockMarks: number): Horizons {
  const blocks = (marks: number) => marks / blockMarks;
  return { ...h, withProcess: blocks(h.withProcess), firstHours: blocks(h.firstHours), halfDay: blocks(h.halfDay) };
}
