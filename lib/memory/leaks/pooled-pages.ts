import { MIB } from "../../shared/bytes.ts";
import type { LeakSample } from "./sample.ts";

/** The most that V8's pool holds: what is missing beyond it went back to the system. */
const MOST_POOLED_BYTES = 150 * MIB;

/**
 * How much of RSS is V8's heap, the pages included that it keeps for later. From Node 22 on a collection leaves up to 150 MB in a pool that
 * no figure shows: `heapTotalBytes` falls, RSS stays, and a heap that shrinks looks like native memory that grows. The pool holds at most
 * what the heap once had and has no more, and never over 150 MB: a heap that was once huge hides no leak for days. Within that bound native
 * memory is taken to have stayed as it was.
 */
export class PooledPages {
  #nativeBytes = Number.NaN;

  /** @returns bytes of RSS that are committed heap or pooled pages; the committed heap where the sample tells no peak. */
  take({ rssBytes, heapTotalBytes, externalBytes, heapPeakBytes }: LeakSample["process"]): number {
    if (heapPeakBytes === undefined) return heapTotalBytes;
    const beside = rssBytes - externalBytes;
    const pooled = Math.min(MOST_POOLED_BYTES, Math.max(0, heapPeakBytes - heapTotalBytes));
    const [most, least] = [beside - heapTotalBytes, beside - heapTotalBytes - pooled];
    // Of a process first seen with a pool the lowest that can be: what leaks from now on shows at once.
    const before = Number.isNaN(this.#nativeBytes) ? 0 : this.#nativeBytes;
    this.#nativeBytes = Math.min(most, Math.max(least, before));
    return beside - this.#nativeBytes;
  }
}
