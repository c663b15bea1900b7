import type { Relief, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import type { SessionMemory } from "./session-memory.ts";

/** What the session pool can do to hold less, cheapest first. None of it loses a session: what is spilled comes back. */
export function sessionRelief(memory: SessionMemory): ReliefStep[] {
  return [expireStep(memory), recompressStep(memory), compactStep(memory), spillStep(memory)];
}

/** Runs `work` and says what the pool holds less. */
async function measured(memory: SessionMemory, work: () => Promise<number>): Promise<Relief> {
  const before = memory.heldBytes;
  const items = await work();
  return { items, freedBytes: Math.max(0, before - memory.heldBytes) };
}

async function compactAll(memory: SessionMemory, enough: () => boolean, yielder: Yielder): Promise<void> {
  while (!enough() && memory.table.values.compact() > 0) if (yielder.spent) await yielder.yield();
}

/** What values take without the room that stands empty between them. */
function filledBytes({ table }: SessionMemory): number {
  return table.values.reservedBytes - table.values.reclaimableBytes() + table.hot.heldBytes;
}

/** Runs `work` and closes as much room as that emptied: what stood empty before is the compacting step's. */
async function closingOwnGaps(memory: SessionMemory, yielder: Yielder, work: () => Promise<number>): Promise<number> {
  const heldBefore = memory.heldBytes;
  const filledBefore = filledBytes(memory);
  const items = await work();
  const emptied = filledBefore - filledBytes(memory);
  await compactAll(memory, () => heldBefore - memory.heldBytes >= emptied, yielder);
  return items;
}

function expireStep(memory: SessionMemory): ReliefStep {
  return {
    kind: "expire",
    predict() {
      let items = 0;
      let freedBytes = 0;
      const { table } = memory;
      for (let slot = 0; slot < table.top; slot++) {
        if (!table.recency.has(slot) || !memory.isExpired(slot)) continue;
        items++;
        freedBytes += table.values.storedLength(slot);
      }
      return { items, freedBytes };
    },
    run: (_target, yielder) => measured(memory, () => closingOwnGaps(memory, yielder, () => memory.sweep(yielder))),
  };
}

/** Packs what is not packed, and releases the copies that only make hits quicker. */
function recompressStep(memory: SessionMemory): ReliefStep {
  const { values, hot } = memory.table;
  return {
    kind: "recompress",
    predict: () => ({
      items: values.unpackedItems + hot.items,
      freedBytes: values.packableBytes() + hot.heldBytes,
    }),
    run: (targetBytes, yielder) =>
      measured(memory, () =>
        closingOwnGaps(memory, yielder, async () => {
          let items = hot.items;
          let freedBytes = hot.heldBytes;
          hot.shrinkTo(0);
          for (let slot = values.oldestUnpacked; slot >= 0 && freedBytes < targetBytes; slot = values.oldestUnpacked) {
            freedBytes += await values.pack(slot);
            items++;
            if (yielder.spent) await yielder.yield();
          }
          return items;
        }),
      ),
  };
}

function compactStep(memory: SessionMemory): ReliefStep {
  return {
    kind: "compact",
    predict: (targetBytes) => ({ items: 0, freedBytes: Math.min(targetBytes, memory.table.values.reclaimableBytes()) }),
    run: (targetBytes, yielder) =>
      measured(memory, async () => {
        const start = memory.heldBytes;
        await compactAll(memory, () => start - memory.heldBytes >= targetBytes, yielder);
        return 0;
      }),
  };
}

/** Leaves sessions to the database, the ones used longest ago first. */
function spillStep(memory: SessionMemory): ReliefStep {
  return {
    kind: "spill",
    predict(targetBytes) {
      const { recency, values } = memory.table;
      // What the steps before this one free already: packing and compacting, and what has expired.
      const leftBytes = values.reservedBytes - values.reclaimableBytes() - values.packableBytes();
      let items = 0;
      let freedBytes = 0;
      for (let slot = recency.oldest; slot >= 0 && freedBytes < targetBytes; slot = recency.newerThan(slot)) {
        if (memory.isExpired(slot)) continue;
        items++;
        freedBytes += values.storedLength(slot);
      }
      return { items, freedBytes: items === memory.items ? leftBytes : Math.min(freedBytes, leftBytes) };
    },
    run: (targetBytes, yielder) =>
      measured(memory, async () => {
        const start = memory.heldBytes;
        const enough = () => start - memory.heldBytes >= targetBytes;
        let items = 0;
        for (let mayGo = true; mayGo && !enough() && memory.items > 0; ) {
          let dropped = 0;
          // A slab's worth between two compactions: sliding for each single session would be quadratic.
          while (mayGo && memory.items > 0 && dropped < Math.min(targetBytes, 64 * 1024)) {
            const bytes = memory.table.values.storedLength(memory.table.recency.oldest);
            mayGo = memory.trySpill(memory.table.recency.oldest);
            if (!mayGo) break;
            dropped += bytes;
            items++;
          }
          await compactAll(memory, enough, yielder);
        }
        return items;
      }),
  };
}
