import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { EmbeddingRow, EmbeddingRows } from "./embedding-rows.ts";

const hashOf = (at: number) => new Uint8Array(32).fill(at);
const rowOf = (at: number): EmbeddingRow => ({ hash: hashOf(at), vector: Uint8Array.of(at, 0, 255) });
const hex = (hash: Uint8Array) => Buffer.from(hash).toString("hex");

/** What every driver of EmbeddingRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeEmbeddingRows(
  name: string,
  fresh: () => Promise<{ rows: EmbeddingRows; reopen: () => Promise<EmbeddingRows> }>,
): void {
  describe(name, () => {
    let rows: EmbeddingRows;
    let reopen: () => Promise<EmbeddingRows>;
    const daysOf = async (model: string, ats: readonly number[]) => {
      const found = await rows.find(model, ats.map(hashOf));
      return Object.fromEntries(found.map(({ hash, usedOn }) => [hash[0], usedOn]));
    };
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("are found by their model and hash alone, with the vectors they were saved with, through a restart", async () => {
      const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
      const entry = fc.record({ hash: bytes(32), vector: bytes(20) });
      const entries = fc.uniqueArray(entry, { selector: ({ hash }) => hex(hash), maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(entries, entries, fc.string(), async (saved, others, model) => {
          await rows.save(model, saved, 7);
          const again = await reopen();
          const asked = [...others, ...saved, ...saved].map(({ hash }) => hash);
          const found = await again.find(model, asked);
          const known = new Map(found.map(({ hash, vector, usedOn }) => [hex(hash), [usedOn, ...vector]]));
          expect(known.size).toBe(found.length);
          for (const { hash, vector } of saved) expect(known.get(hex(hash))).toEqual([7, ...vector]);
          expect(await again.find(`${model} of another kind`, asked)).toEqual([]);
        }),
        { numRuns: 40 },
      );
    });

    it("are replaced where they are saved again, also at once, and count once", async () => {
      const other = { hash: hashOf(1), vector: Uint8Array.of(9) };
      await rows.save("m", [rowOf(1), rowOf(2)], 5);
      await rows.save("m", [other], 6);
      const [found] = await rows.find("m", [hashOf(1)]);
      expect([[...(found?.vector ?? [])], found?.usedOn]).toEqual([[9], 6]);
      await Promise.all(Array.from({ length: 8 }, () => rows.save("m", [rowOf(1), rowOf(3)], 7)));
      await rows.save("m of another kind", [rowOf(1)], 7);
      expect(await (await reopen()).count()).toBe(4);
    });

    it("are marked as used, never as used earlier than they were, and those of another model stay as they are", async () => {
      await rows.save("m", [rowOf(1), rowOf(2), rowOf(3)], 5);
      await rows.save("other", [rowOf(1)], 5);
      await rows.touch("m", [hashOf(1), hashOf(9)], 8);
      await rows.touch("m", [hashOf(1), hashOf(2)], 4);
      rows = await reopen();
      expect(await daysOf("m", [1, 2, 3, 9])).toEqual({ 1: 8, 2: 5, 3: 5 });
      expect(await daysOf("other", [1])).toEqual({ 1: 5 });
    });

    it("go least lately used first, of all models, and no more than there are", async () => {
      await rows.save("m", [1, 2, 3].map(rowOf), 1);
      await rows.save("other", [4, 5, 6].map(rowOf), 2);
      await rows.touch("m", [hashOf(2)], 3);
      expect(await rows.removeOldest(2)).toBe(2);
      expect([await daysOf("m", [1, 2, 3]), await rows.count()]).toEqual([{ 2: 3 }, 4]);
      expect([await rows.removeOldest(3), await daysOf("m", [2])]).toEqual([3, { 2: 3 }]);
      expect([await rows.removeOldest(10), await rows.removeOldest(10), await rows.count()]).toEqual([1, 0, 0]);
    });

    it("have nothing to do for no hashes and no rows", async () => {
      await rows.save("m", [], 1);
      await rows.touch("m", [], 1);
      expect([await rows.find("m", []), await rows.count(), await rows.removeOldest(0)]).toEqual([[], 0, 0]);
    });
  });
}
