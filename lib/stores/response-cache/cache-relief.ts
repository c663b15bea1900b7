import type { Relief, ReliefStep } from "../../ports/bounded-store.ts";
import type { BoundedEntries } from "../policies/bounded-entries.ts";
import type { BackgroundCompressor } from "./background-compressor.ts";
import type { CachedResponse } from "./cached-response.ts";

interface Parts {
  entries: BoundedEntries<CachedResponse>;
  compressor: BackgroundCompressor;
  canCompress: (entry: CachedResponse) => boolean;
}

/**
 * What the cache can do to hold less, cheapest first: let go of what has expired, compress what is still plain, evict what the
 * policy thinks least worth keeping. Bodies are exact allocations, so there is nothing to compact.
 */
export function createRelief({ entries, compressor, canCompress }: Parts): readonly ReliefStep[] {
  return [
    {
      kind: "expire",
      predict: (targetBytes) => {
        const { items, bytes } = entries.expired();
        return atMost({ items, freedBytes: bytes }, targetBytes);
      },
      run: async (targetBytes, slicer) => {
        const { items, bytes } = await entries.sweep(slicer, targetBytes);
        return { items, freedBytes: bytes };
      },
    },
    {
      kind: "recompress",
      predict: (targetBytes) => {
        let items = 0;
        let bytes = 0;
        for (const { value } of entries.entries()) {
          if (!canCompress(value)) continue;
          items += 1;
          bytes += value.body.bytes.byteLength;
        }
        return atMost({ items, freedBytes: Math.round(bytes * (1 - compressor.ratio)) }, targetBytes);
      },
      run: async (targetBytes, slicer) => {
        const plain = [...entries.entries()].filter(({ value }) => canCompress(value));
        const freed: Relief = { items: 0, freedBytes: 0 };
        for (const { key, value } of plain) {
          if (freed.freedBytes >= targetBytes) break;
          if (slicer.spent) await slicer.breathe();
          const saved = canCompress(value) ? await compressor.compressNow(key, value.body) : 0;
          freed.items += saved > 0 ? 1 : 0;
          freed.freedBytes += saved;
        }
        return freed;
      },
    },
    {
      kind: "evict",
      predict: (targetBytes) => {
        const expired = entries.expired();
        const items = entries.items - expired.items;
        const bytes = entries.bytes - entries.indexBytes - expired.bytes;
        return atMost({ items, freedBytes: bytes }, targetBytes);
      },
      run: async (targetBytes, slicer) => {
        const freed: Relief = { items: 0, freedBytes: 0 };
        while (freed.freedBytes < targetBytes && entries.items > 0) {
          if (slicer.spent) await slicer.breathe();
          const bytes = entries.evictOne();
          if (bytes === 0) break;
          freed.items += 1;
          freed.freedBytes += bytes;
        }
        return freed;
      },
    },
  ];
}

/** What is needed of what there is: whole entries, of average size. */
function atMost(all: Relief, targetBytes: number): Relief {
  if (all.items === 0 || all.freedBytes <= targetBytes) return all;
  const mean = all.freedBytes / all.items;
  const items = Math.min(all.items, Math.ceil(targetBytes / mean));
  return { items, freedBytes: Math.round(items * mean) };
}
