import { beforeEach, describe, expect, it } from "vitest";
import type { SettingRevisionRow, SettingRows } from "./admin-rows.ts";

const BOUND = 5;
const valuesOf = (at: number): Omit<SettingRevisionRow, "revision"> => ({
  values: { maxSessions: at, nested: [null, "é", { at }] },
  actor: `actor ${at}`,
  reason: `reason ${at}`,
  createdAtMs: 1_000 - at,
});

/** What every driver of SettingRows must do. `fresh` makes empty rows of a bound; `reopen` opens the same storage again. */
export function describeSettingRows(
  name: string,
  fresh: (maxRevisions: number) => Promise<{ rows: SettingRows; reopen: () => Promise<SettingRows> }>,
): void {
  describe(name, () => {
    let rows: SettingRows;
    let reopen: () => Promise<SettingRows>;
    beforeEach(async () => {
      ({ rows, reopen } = await fresh(BOUND));
    });

    it("number revisions from 1 and give them back whole, the newest first, whatever their times say", async () => {
      expect([await rows.newest(10), await rows.find(1)]).toEqual([[], null]);
      for (const at of [1, 2, 3]) expect(await rows.insert(valuesOf(at))).toBe(at);
      const again = await reopen();
      expect(await again.newest(2)).toEqual([
        { ...valuesOf(3), revision: 3 },
        { ...valuesOf(2), revision: 2 },
      ]);
      expect(await again.find(1)).toEqual({ ...valuesOf(1), revision: 1 });
      expect([await again.find(0), await again.find(4)]).toEqual([null, null]);
      expect(await again.insert(valuesOf(4))).toBe(4);
    });

    it("tell each of many that insert at once the number of its own revision", async () => {
      const given = await Promise.all([1, 2, 3, 4].map((at) => rows.insert(valuesOf(at))));
      expect(given.toSorted()).toEqual([1, 2, 3, 4]);
      for (const [index, revision] of given.entries())
        expect(await rows.find(revision)).toEqual({ ...valuesOf(index + 1), revision });
    });

    it("keep the newest up to the bound after each insert, and give no number again", async () => {
      for (let at = 1; at <= 12; at++) {
        await rows.insert(valuesOf(at));
        const kept = (await rows.newest(100)).map(({ revision }) => revision);
        expect(kept).toEqual(Array.from({ length: Math.min(at, BOUND) }, (_, back) => at - back));
      }
      expect([await rows.find(7), (await rows.find(8))?.actor]).toEqual([null, "actor 8"]);
      expect(await (await reopen()).insert(valuesOf(13))).toBe(13);
    });
  });
}
