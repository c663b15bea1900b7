import type { Relief, ReliefKind, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import { blockBytes } from "../bytes/slab.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import type { BackgroundCompressor } from "./background-compressor.ts";
import type { BodyArena } from "./body-arena.ts";
import type { CachedResponse } from "./cached-response.ts";
import type { HeldBody } from "./held-body.ts";

interface Parts {
  entries: BoundedEntries<CachedResponse>;
  bodies: BodyArena;
  compressor: BackgroundCompressor;
  canCompress: (entry: CachedResponse) => boolean;
  /** What the account granted for entries and bodies. */
  grantedBytes: () => number;
}

/**
 * What the cache can do to hold less, cheapest for its callers first. Each step slides slabs together until the pages of what
 * it released are back with the system: `freedBytes` is what the ledger got. Room that stood empty before is `compact`'s alone.
 */
export function createRelief(parts: Parts): readonly ReliefStep[] {
  return [expire(parts), deduplicate(parts), recompress(parts), compact(parts), evict(parts)];
}

function expire({ entries, bodies, ...parts }: Parts): ReliefStep {
  return step({ entries, bodies, ...parts }, "expire", {
    available: () => {
      const { items, freedBytes } = entries.view.expired();
      return { items, freedBytes: freedBytes + bodyBytes(entries.view.expiredValues()) };
    },
    run: async (targetBytes, yielder) => (await entries.sweep(yielder, targetBytes)).items,
  });
}

/** Bodies that several entries of a namespace hold a copy of each: one that others had too would count for its first owner alone. */
function deduplicate({ entries, bodies, ...parts }: Parts): ReliefStep {
  const duplicates = function* (): Generator<[CachedResponse, HeldBody, string]> {
    const first = new Map<string, HeldBody>();
    for (const { key, value } of entries.view.entries()) {
      const name = `${value.body.tag} ${value.owner.name}`;
      const same = first.get(name);
      if (same === undefined) first.set(name, value.body);
      else if (same !== value.body && bodies.isSame(same, value.body)) yield [value, same, key];
    }
  };
  return step({ entries, bodies, ...parts }, "deduplicate", {
    available: () => {
      const copies = [...duplicates()].map(([entry]) => entry);
      return { items: copies.length, freedBytes: bodyBytes(copies) };
    },
    run: async (targetBytes, yielder) => {
      let items = 0;
      let freed = 0;
      for (const [entry, shared, key] of [...duplicates()]) {
        if (freed >= targetBytes) break;
        if (yielder.spent) await yielder.yield();
        // Either may have gone or changed while others had the loop. The entry is looked for by its key: it may be gone while its body
        // is another's still, and giving back a holder for it would let that one's bytes go.
        if (shared.holders === 0 || entries.view.peek(key) !== entry) continue;
        if (shared === entry.body || shared.tag !== entry.body.tag) continue;
        freed += blockBytes(entry.body.storedBytes);
        items += 1;
        shared.holders += 1;
        bodies.release(entry.body);
        entry.body = shared;
      }
      return items;
    },
  });
}

function recompress({ entries, bodies, compressor, canCompress, ...parts }: Parts): ReliefStep {
  const plain = (): CachedResponse[] =>
    [...entries.view.entries()].map(({ value }) => value).filter((value) => canCompress(value));
  return step({ entries, bodies, compressor, canCompress, ...parts }, "recompress", {
    available: () => {
      const found = plain();
      return { items: found.length, freedBytes: Math.round(bodyBytes(found) * (1 - compressor.ratio)) };
    },
    run: async (targetBytes, yielder) => {
      const before = bodies.liveBytes;
      let items = 0;
      for (const entry of plain()) {
        if (before - bodies.liveBytes >= targetBytes) break;
        if (yielder.spent) await yielder.yield();
        if (entry.body.holders > 0 && canCompress(entry) && (await compressor.compressNow(entry.body))) items += 1;
      }
      return items;
    },
  });
}

function compact({ bodies, ...parts }: Parts): ReliefStep {
  return step({ bodies, ...parts }, "compact", {
    available: () => ({ items: 0, freedBytes: bodies.reclaimableBytes }),
    run: async () => 0,
    emptyBytes: () => bodies.reclaimableBytes,
  });
}

function evict({ entries, bodies, ...parts }: Parts): ReliefStep {
  return step({ entries, bodies, ...parts }, "evict", {
    available: () => {
      const { items, freedBytes } = entries.view.expired();
      const expiredBytes = freedBytes + bodyBytes(entries.view.expiredValues());
      return {
        items: entries.items - items,
        freedBytes: entries.bytes - entries.indexBytes + bodies.liveBytes - expiredBytes,
      };
    },
    run: async (targetBytes, yielder) => {
      const held = (): number => entries.bytes + bodies.liveBytes;
      const before = held();
      let items = 0;
      while (before - held() < targetBytes && entries.evictOne() > 0) {
        items += 1;
        if (yielder.spent) await yielder.yield();
      }
      return items;
    },
  });
}

interface Work {
  /** All that the step could free. */
  available: () => Relief;
  /** Releases up to `targetBytes` and returns how many items that took. */
  run: (targetBytes: number, yielder: Yielder) => Promise<number>;
  /** Room that stood empty before the step, and is the step's to close. */
  emptyBytes?: () => number;
}

function step({ entries, bodies, grantedBytes }: Parts, kind: ReliefKind, work: Work): ReliefStep {
  const held = (): number => entries.bytes + bodies.liveBytes;
  return {
    kind,
    predict: (targetBytes) => atMost(work.available(), targetBytes),
    run: async (targetBytes, yielder) => {
      const before = grantedBytes();
      const heldBefore = held();
      const emptyBytes = work.emptyBytes?.() ?? 0;
      const items = await work.run(targetBytes, yielder);
      const ownBytes = Math.min(targetBytes, emptyBytes + Math.max(0, heldBefore - held()));
      while (before - grantedBytes() < ownBytes && bodies.compact() > 0) {
        if (yielder.spent) await yielder.yield();
      }
      return { items, freedBytes: Math.max(0, before - grantedBytes()) };
    },
  };
}

/** The blocks of these entries' bodies, as far as no other entry holds them. */
function bodyBytes(found: Iterable<CachedResponse>): number {
  let bytes = 0;
  for (const { body } of found) if (body.holders === 1) bytes += blockBytes(body.storedBytes);
  return bytes;
}

/** What is needed of what there is: whole entries, of average size. */
function atMost(all: Relief, targetBytes: number): Relief {
  if (all.items === 0 || all.freedBytes <= targetBytes)
    return { ...all, freedBytes: Math.min(all.freedBytes, targetBytes) };
  const mean = all.freedBytes / all.items;
  const items = Math.min(all.items, Math.ceil(targetBytes / mean));
  return { items, freedBytes: Math.round(items * mean) };
}
