import { describe, expect, it } from "vitest";
import type { MetaRows } from "./admin-rows.ts";

/** What every driver of MetaRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeMetaRows(
  name: string,
  fresh: () => Promise<{ rows: MetaRows; reopen: () => Promise<MetaRows> }>,
): void {
  describe(name, () => {
    it("keep the first value of each name, through a restart", async () => {
      const { rows, reopen } = await fresh();
      expect(await rows.readOrInsert("nodeId", "a")).toBe("a");
      expect(await rows.readOrInsert("nodeId", "b")).toBe("a");
      expect(await rows.readOrInsert("secret", "")).toBe("");
      const again = await reopen();
      expect([await again.readOrInsert("nodeId", "c"), await again.readOrInsert("secret", "c")]).toEqual(["a", ""]);
    });

    it("give all that ask at once the one value that is kept", async () => {
      const { rows, reopen } = await fresh();
      const given = await Promise.all(Array.from({ length: 20 }, (_, at) => rows.readOrInsert("secret", `of ${at}`)));
      expect(new Set(given).size).toBe(1);
      expect(await (await reopen()).readOrInsert("secret", "late")).toBe(given[0]);
    });
  });
}
