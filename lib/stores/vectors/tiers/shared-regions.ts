import { BLOCK_BYTES, type Block, type Region } from "./slab.ts";

/**
 * The regions that small blocks share. At most one of them is less than half full: two such would fit one, so the one that falls below half is
 * emptied into the others as far as they have room. What small blocks reserve is therefore at most twice what they hold, and a region.
 */
export class SharedRegions {
  readonly #take: () => Region | null;
  readonly #free: (region: Region) => void;
  readonly #regions = new Set<Region>();

  constructor(take: () => Region | null, free: (region: Region) => void) {
    this.#take = take;
    this.#free = free;
  }

  /** A region with `bytes` to spare behind its blocks; null when there is no memory for another. O(regions). */
  withRoom(bytes: number): Region | null {
    const known = this.#find(bytes, null);
    if (known) return known;
    const region = this.#take();
    if (region) this.#regions.add(region);
    return region;
  }

  /** A region has got more room: others may share it, or take in what is left in it. */
  roomier(region: Region): void {
    this.#regions.add(region);
    if (region.filled * 2 >= BLOCK_BYTES) return;
    // From the end, so that nothing has to close up.
    for (const block of [...region.blocks].reverse()) {
      const other = this.#find(block.bytes, region);
      if (!other) return;
      region.dismiss(block);
      other.adopt(block);
    }
    this.#free(region);
  }

  forget(region: Region): void {
    this.#regions.delete(region);
  }

  /** The regions that would be empty if these blocks were freed, those emptied into others among them. */
  emptiedBy(freed: readonly Block[]): Region[] {
    const left = new Map([...this.#regions].map((region) => [region, region.filled]));
    for (const { region, bytes } of freed) left.set(region, (left.get(region) ?? region.filled) - bytes);
    const fullestLast = [...left].sort(([, a], [, b]) => a - b);
    let room = fullestLast.reduce((sum, [, filled]) => sum + (filled > 0 ? BLOCK_BYTES - filled : 0), 0);
    const emptied: Region[] = [];
    for (const [region, filled] of fullestLast) {
      if (filled > 0) {
        const elsewhere = room - (BLOCK_BYTES - filled);
        if (filled * 2 >= BLOCK_BYTES || elsewhere < filled) break;
        room = elsewhere - filled;
      }
      emptied.push(region);
    }
    return emptied;
  }

  #find(bytes: number, except: Region | null): Region | null {
    for (const region of this.#regions) if (region !== except && region.room >= bytes) return region;
    return null;
  }
}
