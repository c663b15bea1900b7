import { GCProfiler, getHeapStatistics } from "node:v8";

/** From V8 12 on (Node 22) a collection leaves pages in a pool that no figure shows; before, they went back to the system by themselves. */
const FIRST_WITH_POOL = 12;

/**
 * The most that the heap had committed since its free pages were last given back: what RSS may still hold of it. Only a collection makes a
 * heap smaller: what was committed before each of them, and what is committed now, leave no peak unseen. Holds one number.
 */
export class HeapPeak {
  readonly #heapTotal: () => number;
  readonly #collections: Pick<CollectionPeaks, "take">;
  #bytes = 0;

  constructor(collections: Pick<CollectionPeaks, "take">, heapTotal = () => getHeapStatistics().total_heap_size) {
    this.#collections = collections;
    this.#heapTotal = heapTotal;
  }

  /** Bytes. */
  read(): number {
    this.#bytes = Math.max(this.#bytes, this.#collections.take(), this.#heapTotal());
    return this.#bytes;
  }

  /** At most so many bytes of free pages are kept beside the heap. */
  keptBytes(): number {
    return this.read() - this.#heapTotal();
  }

  /** What was committed before is no longer there. */
  gaveBack(): void {
    this.#collections.take();
    this.#bytes = this.#heapTotal();
  }
}

/** What this process had committed before each collection. V8 notes some kilobytes for each until they are taken: once a second, say. */
export class CollectionPeaks {
  #profiler: GCProfiler | null = begin();

  /** The most since the last call, bytes; 0 without a collection. */
  take(): number {
    if (!this.#profiler) return 0;
    const statistics = this.#profiler.stop()?.statistics ?? [];
    this.#profiler = begin();
    return Math.max(0, ...statistics.map(({ beforeGC }) => beforeGC.heapStatistics.totalHeapSize));
  }

  stop(): void {
    this.#profiler?.stop();
    this.#profiler = null;
  }
}

/** Null where V8 gives pages back by itself. */
export function watchCollections(v8Version: string = process.versions.v8): CollectionPeaks | null {
  return Number.parseInt(v8Version, 10) >= FIRST_WITH_POOL ? new CollectionPeaks() : null;
}

function begin(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}
