import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CacheCaller, type CacheUnderTest, cacheCaller } from "../testing/cache-caller.ts";
import type { CachedEntry, CacheSelection, CacheStore, SortedPage, SortedPosition } from "./cache-store.ts";

/** What every driver of CacheStore must do with many responses: lists, purges, and what would be purged. */
export function describeCacheLists(name: string, fresh: () => Promise<CacheUnderTest>): void {
  describe(`${name}: lists and purges`, () => {
    let cache: CacheStore;
    let advance: CacheUnderTest["advance"];
    let close: CacheUnderTest["close"];
    let caller: CacheCaller;

    beforeEach(async () => {
      ({ cache, advance, close } = await fresh());
      caller = cacheCaller(cache);
    });
    afterEach(() => close());

    /** Every page of a list; `between` runs after each. */
    async function listed(
      limit: number,
      which: CacheSelection = {},
      between?: () => Promise<void>,
    ): Promise<CachedEntry[]> {
      const found: CachedEntry[] = [];
      for (let from: number | null = 0; from !== null; ) {
        const page: Awaited<ReturnType<CacheStore["list"]>> = await cache.list("n", { ...which, limit, from });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items);
        from = page.next;
        await between?.();
      }
      return found;
    }
    const keysOf = (entries: readonly { key: string }[]): string[] => entries.map(({ key }) => key).toSorted();

    async function sorted(page: Pick<SortedPage, "sort" | "order"> & CacheSelection, limit = 1): Promise<string> {
      const found: string[] = [];
      for (let after: SortedPosition | null | undefined; after !== null; ) {
        const { items, next } = await cache.listSorted("n", { ...page, limit, after: after ?? null });
        found.push(...items.map(({ key }) => key));
        after = next;
      }
      return found.join("");
    }

    it("tell of each entry what was put, how it is held, its times and its uses", async () => {
      await caller.put("k", "12345", { maxAgeMs: 10_000, staleMs: 10_000, tags: ["a", "b"], meta: "m" });
      advance(2_000);
      const { etag } = await caller.hit("k");
      await caller.hit("k");
      advance(1_000);
      const [entry] = await listed(5);
      const times = { ageMs: 3_000, ttlLeftMs: 7_000, unusedMs: 1_000, hits: 2, isStale: false };
      const told = { key: "k", mediaType: "text/plain", tags: ["a", "b"], meta: "m", encoding: "identity", etag };
      expect(entry).toEqual({ ...told, ...times, bytes: 5, storedBytes: 5 });
      advance(8_000);
      expect((await listed(5))[0]).toMatchObject({ ttlLeftMs: 0, isStale: true });
      await caller.put("k", "x");
      expect((await listed(5))[0]).toMatchObject({ meta: null, hits: 0, ageMs: 0 });
      expect(await cache.list("m", { limit: 5, from: 0 })).toEqual({ items: [], next: null });
    });

    it("page through every entry once while others come, go and are put again", async () => {
      for (let at = 0; at < 60; at += 1) await caller.put(`a/${at}`, "x", { tags: [at % 2 === 0 ? "even" : "odd"] });
      let turn = 0;
      const between = async (): Promise<void> => {
        turn += 1;
        await caller.put(`b/${turn}`, "x", { tags: ["even"] });
        await caller.put(`a/${turn * 7}`, "a longer body", { tags: [turn % 2 === 1 ? "odd" : "even"] });
        await cache.delete("n", `b/${turn - 1}`);
      };
      const seen = await listed(7, { prefix: "a/" }, between);
      expect(keysOf(seen.filter(({ key }) => Number(key.slice(2)) < 60))).toEqual(
        Array.from({ length: 60 }, (_, at) => `a/${at}`).toSorted(),
      );
      expect(new Set(keysOf(seen)).size).toBe(seen.length);
    });

    it("select by any of the tags, by prefix, and by both", async () => {
      const all: [string, string[]][] = [
        ["a/1", ["red", "blue"]],
        ["a/2", ["green"]],
        ["a/3", []],
        ["b/1", ["red"]],
        ["b/2", ["redder", "é"]],
      ];
      for (const [key, tags] of all) await caller.put(key, "x", { tags });
      await cacheCaller(cache, "m").put("a/1", "x", { tags: ["red"] });
      const keys = async (which: CacheSelection): Promise<string> => keysOf(await listed(2, which)).join(" ");
      expect(await keys({ tags: ["red"] })).toBe("a/1 b/1");
      expect(await keys({ tags: ["blue", "green"] })).toBe("a/1 a/2");
      expect(await keys({ tags: ["red", "é"], prefix: "b" })).toBe("b/1 b/2");
      expect(await keys({ prefix: "a/" })).toBe("a/1 a/2 a/3");
      expect(await keys({ tags: [] })).toBe("");
      expect(await sorted({ sort: "bytes", order: "asc", prefix: "b/", tags: ["red", "green"] })).toBe("b/1");
    });

    it("are pages of one order by bytes, age, hits and use, either way", async () => {
      for (const [index, key] of ["c", "a", "d", "b"].entries()) {
        await caller.put(key, "x".repeat(10 * (index % 3)));
        advance(10);
      }
      for (const key of ["b", "a", "a"]) await caller.get(key);
      advance(10);
      await caller.get("c");
      for (const limit of [1, 3, 10]) {
        const both = async (sort: SortedPage["sort"]): Promise<string[]> => [
          await sorted({ sort, order: "asc" }, limit),
          await sorted({ sort, order: "desc" }, limit),
        ];
        expect(await both("bytes")).toEqual(["bcad", "dacb"]);
        expect(await both("age")).toEqual(["bdac", "cadb"]);
        expect(await both("hits")).toEqual(["dbca", "acbd"]);
        expect(await both("lastUsed")).toEqual(["dabc", "cbad"]);
      }
    });

    it("purge what is selected, say how much, and count it beforehand without a change", async () => {
      for (let at = 0; at < 40; at += 1) {
        await caller.put(`${at % 2 === 0 ? "a" : "b"}/${at}`, "x".repeat(1_000), {
          tags: [`t${at % 4}`, `u${at % 5}`],
        });
      }
      await cacheCaller(cache, "m").put("a/0", "x", { tags: ["t0"] });
      const measured = await cache.measure("n", { tags: ["t0", "u0"], prefix: "a/" });
      expect(measured.count).toBe(12);
      expect(measured.bytes).toBeGreaterThanOrEqual(12_000);
      expect((await listed(100)).length).toBe(40);
      expect(await cache.purge("n", { tags: ["t0", "u0"], prefix: "a/" })).toBe(12);
      expect(await cache.purge("n", { tags: ["t0"] })).toBe(0);
      expect((await caller.get("a/0")).outcome).toBe("miss");
      expect(await cache.purge("n", { tags: ["unknown"] })).toBe(0);
      expect(await cache.purge("n", { prefix: "b/" })).toBe(20);
      expect(await cache.purge("n", {})).toBe(8);
      expect(await listed(100)).toEqual([]);
      expect(await cache.measure("n", {})).toEqual({ count: 0, bytes: 0 });
      expect((await cacheCaller(cache, "m").get("a/0")).outcome).toBe("hit");
    });

    it("know the tags that an entry has now, not those that it had", async () => {
      await caller.put("k", "x", { tags: ["old", "both"] });
      await caller.put("k", "x", { tags: ["new", "both"] });
      expect(await cache.purge("n", { tags: ["old"] })).toBe(0);
      expect(await cache.purge("n", { tags: ["new", "both"] })).toBe(1);
      await caller.put("k", "x", { tags: ["old"], maxAgeMs: 1_000 });
      advance(1_000);
      expect(await cache.purge("n", { tags: ["old"] })).toBe(0);
      await caller.put("k", "x");
      expect(await cache.purge("n", { tags: ["old"] })).toBe(0);
      expect((await caller.get("k")).outcome).toBe("hit");
    });

    it("make stale what is selected, once more too, and each entry ends when it would have ended anyway", async () => {
      await caller.put("a/1", "1", { tags: ["red"] });
      await caller.put("a/2", "2", { tags: ["green"], maxAgeMs: 10_000, staleMs: 10_000 });
      await caller.put("b/1", "3", { tags: ["red"] });
      advance(1_000);
      expect(await cache.markStale("n", { tags: ["red", "green"], prefix: "a/" })).toBe(2);
      expect(await cache.markStale("n", { prefix: "a/" })).toBe(2);
      const stale = async (key: string): Promise<boolean> => (await caller.hit(key)).isStale;
      expect([await stale("a/1"), await stale("a/2"), await stale("b/1")]).toEqual([true, true, false]);
      advance(18_999);
      expect(await stale("a/2")).toBe(true);
      advance(1);
      expect((await caller.get("a/2")).outcome).toBe("miss");
      advance(280_000);
      expect((await caller.get("a/1")).outcome).toBe("miss");
    });

    it("leave out what has ended", async () => {
      await caller.put("short", "x", { maxAgeMs: 1_000, tags: ["t"] });
      await caller.put("long", "x", { tags: ["t"] });
      advance(1_000);
      expect(keysOf(await listed(5))).toEqual(["long"]);
      expect(await sorted({ sort: "age", order: "asc" })).toBe("long");
      expect((await cache.measure("n", { tags: ["t"] })).count).toBe(1);
      expect(await cache.purge("n", { tags: ["t"] })).toBe(1);
    });
  });
}
