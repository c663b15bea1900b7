import { randomBytes } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bodyOf, type CacheCaller, type CacheUnderTest, cacheCaller } from "../testing/cache-caller.ts";
import type { CachePut, CacheStore } from "./cache-store.ts";

/** The bounds of the store under test. */
export const CONTRACT_BOUNDS = { maxBytes: 4_000_000, ttlMs: 300_000, maxBodyBytes: 1_000_000 } as const;

const ABSENT = { match: [], noneMatch: ["*"] };
const OTHER = { match: [["other"]], noneMatch: [] };
const rows = JSON.stringify(Array.from({ length: 400 }, (_, row) => ({ row, name: `name ${(row * 7919) % 997}` })));

/** What every driver of CacheStore must do with single responses. `fresh` makes an empty one with `CONTRACT_BOUNDS`. */
export function describeCacheStore(name: string, fresh: () => Promise<CacheUnderTest>): void {
  describe(name, () => {
    let cache: CacheStore;
    let advance: CacheUnderTest["advance"];
    let close: CacheUnderTest["close"];
    let caller: CacheCaller;

    beforeEach(async () => {
      ({ cache, advance, close } = await fresh());
      caller = cacheCaller(cache);
    });
    afterEach(() => close());

    it("gives a response back as it was put last, with all that was told of it, and a miss for what is not there", async () => {
      expect(await caller.get("k")).toEqual({ outcome: "miss" });
      expect(await caller.put("k", "one", { mediaType: "text/html" })).toBe("added");
      const told: Partial<CachePut> = { mediaType: "text/css; q=é", tags: ["red", "blue", "red"], meta: "a note, ü" };
      expect(await caller.put("k", "zwei é", told)).toBe("replaced");
      const found = await caller.hit("k");
      expect(bodyOf(found)).toBe("zwei é");
      expect(found).toMatchObject({ mediaType: "text/css; q=é", tags: "red,blue", meta: "a note, ü", lease: null });
      expect(found).toMatchObject({ isStale: false, ageMs: 0, freshForMs: CONTRACT_BOUNDS.ttlMs });
      expect(found.etag).toMatch(/^"[\w-]+"$/);
      expect(found.representation?.etag).toBe(found.etag);
    });

    it("keeps any key and body apart: of other namespaces, with odd characters, empty ones, all bytes", async () => {
      const everyByte = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
      const keys = ["a", "a/b", "a\nb", "é", "🙂", "a b", " a", "*", "{a}"];
      for (const key of keys) await caller.put(key, `body of ${key}`);
      await cacheCaller(cache, "m").put("a", "of another");
      await caller.put("bytes", everyByte);
      await caller.put("empty", "");
      for (const key of keys) expect(await caller.body(key)).toBe(`body of ${key}`);
      expect(await cacheCaller(cache, "m").body("a")).toBe("of another");
      expect([...((await caller.hit("bytes")).representation?.bytes ?? [])]).toEqual([...everyByte]);
      expect((await caller.hit("empty")).representation?.bytes.byteLength).toBe(0);
    });

    it("deletes what is there, once, and of one namespace alone", async () => {
      await caller.put("k", "x");
      expect([await cache.delete("m", "k"), await cache.delete("n", "unknown")]).toEqual([false, false]);
      expect([await cache.delete("n", "k"), await cache.delete("n", "k")]).toEqual([true, false]);
      expect((await caller.get("k")).outcome).toBe("miss");
    });

    it("counts its age, and ends with the time that was asked for, or with the time of the store", async () => {
      await caller.put("own", "x", { maxAgeMs: 10_000 });
      await caller.put("default", "x");
      advance(9_999);
      expect(await caller.hit("own")).toMatchObject({ ageMs: 9_999, freshForMs: 1, isStale: false });
      advance(1);
      expect([(await caller.get("own")).outcome, (await caller.get("default")).outcome]).toEqual(["miss", "hit"]);
      advance(CONTRACT_BOUNDS.ttlMs - 10_000);
      expect((await caller.get("default")).outcome).toBe("miss");
      expect(await caller.put("own", "again")).toBe("added");
    });

    it("is stale for the time that was granted, tells for how long, and then is gone", async () => {
      await caller.put("k", "x", { maxAgeMs: 10_000, staleMs: 20_000 });
      advance(10_000);
      expect(await caller.hit("k")).toMatchObject({ isStale: true, freshForMs: 0, lease: null });
      advance(19_999);
      expect(await caller.hit("k")).toMatchObject({ isStale: true, freshForMs: -19_999, ageMs: 29_999 });
      advance(1);
      expect((await caller.get("k")).outcome).toBe("miss");
    });

    it("is stale at once without time to live, and keeps nothing with neither: what was there goes", async () => {
      expect(await caller.put("k", "x", { maxAgeMs: 0, staleMs: 1_000 })).toBe("added");
      expect((await caller.hit("k")).isStale).toBe(true);
      expect(await caller.put("k", "y", { maxAgeMs: 0 })).toBe("not-kept");
      expect((await caller.get("k")).outcome).toBe("miss");
    });

    it("sends compressed bytes as they were put to who takes them, and the identical body to who does not", async () => {
      const gzipped = gzipSync(rows, { level: 1 });
      await caller.put("k", gzipped, { encoding: "gzip" });
      const encoded = await caller.hit("k", { accepts: ["br", "gzip"] });
      expect(encoded.representation?.encoding).toBe("gzip");
      expect(Buffer.compare(encoded.representation?.bytes ?? Buffer.alloc(0), gzipped)).toBe(0);
      for (const accepts of [["br"], []] as const) {
        const plain = await caller.hit("k", { accepts });
        expect([plain.representation?.encoding, bodyOf(plain)]).toEqual(["identity", rows]);
        expect(plain.etag).not.toBe(encoded.etag);
      }
    });

    it("gives an identity body under one tag, whatever it is held as", async () => {
      await caller.put("k", rows, { accepts: ["br"] });
      await caller.put("l", brotliCompressSync(rows), { encoding: "br" });
      const { etag } = await caller.hit("k");
      expect((await caller.hit("l")).etag).toBe(etag);
      const { representation } = await caller.hit("l", { accepts: ["br"] });
      expect(brotliDecompressSync(representation?.bytes ?? Buffer.alloc(0)).toString()).toBe(rows);
    });

    it("sends no body to who has it, under the tag of any form that it may be sent", async () => {
      await caller.put("k", gzipSync(rows), { encoding: "gzip", tags: ["t"], meta: "m" });
      const plain = (await caller.hit("k")).etag;
      const gzip = (await caller.hit("k", { accepts: ["gzip"] })).etag;
      for (const etags of [[plain], ['"other"', `W/${plain}`], ["*"]]) {
        expect(await caller.hit("k", { etags })).toMatchObject({ representation: null, etag: plain, tags: "t" });
      }
      expect(await caller.hit("k", { etags: [gzip], accepts: ["gzip"] })).toMatchObject({ representation: null });
      expect((await caller.hit("k", { etags: [gzip] })).representation).not.toBeNull();
      expect((await caller.hit("k", { etags: ['"other"'] })).representation).not.toBeNull();
    });

    it("reads, puts and deletes only what the condition asks for, also when two come at once", async () => {
      const both = await Promise.allSettled([
        caller.put("k", "one", { condition: ABSENT }),
        caller.put("k", "two", { condition: ABSENT }),
      ]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const tag = (await caller.hit("k")).etag.slice(1, -1);
      const refused = { code: "version-mismatch" };
      await expect(caller.put("k", "x", { condition: OTHER })).rejects.toMatchObject(refused);
      await expect(caller.put("new", "x", { condition: OTHER })).rejects.toMatchObject(refused);
      await expect(cache.delete("n", "k", undefined, OTHER)).rejects.toMatchObject(refused);
      await expect(caller.get("k", { match: [["other"]] })).rejects.toMatchObject(refused);
      await expect(caller.put("k", "x", { condition: ABSENT, maxAgeMs: 0 })).rejects.toMatchObject(refused);
      expect((await caller.get("k", { match: [["other", tag]] })).outcome).toBe("hit");
      expect(await cache.delete("n", "unknown", undefined, OTHER)).toBe(false);
      expect(await caller.put("k", "three", { condition: { match: [["other", tag]], noneMatch: ["x"] } })).toBe(
        "replaced",
      );
      expect(await cache.delete("n", "k", undefined, { match: [["*"]], noneMatch: [] })).toBe(true);
    });

    it("meets a condition by the tag of either form", async () => {
      await caller.put("k", gzipSync(rows), { encoding: "gzip" });
      const gzip = (await caller.hit("k", { accepts: ["gzip"] })).etag.slice(1, -1);
      expect((await caller.get("k", { match: [[gzip]] })).outcome).toBe("hit");
      expect(await caller.put("k", "x", { condition: { match: [[gzip]], noneMatch: [] } })).toBe("replaced");
    });

    it("refuses what can never fit and what is not what it says, and keeps what is there", async () => {
      await caller.put("k", "old");
      await expect(caller.put("k", randomBytes(CONTRACT_BOUNDS.maxBytes + 1))).rejects.toMatchObject({
        code: "item-too-large",
      });
      const bomb = gzipSync(Buffer.alloc(CONTRACT_BOUNDS.maxBodyBytes + 1));
      await expect(caller.put("k", bomb, { encoding: "gzip" })).rejects.toMatchObject({ code: "body-too-large" });
      const cut = gzipSync(rows).subarray(0, 100);
      await expect(caller.put("k", cut, { encoding: "gzip" })).rejects.toMatchObject({ code: "malformed-request" });
      expect(await caller.body("k")).toBe("old");
    });

    it("keeps its bytes within their bound, and lets the first that is not used go, whatever comes", async () => {
      const body = randomBytes(100_000);
      await caller.put("used", body);
      for (let at = 0; at < 80; at += 1) {
        await caller.put(`k${at}`, body);
        await caller.get("used");
        advance(1_000);
        const { bytes } = await cache.measure("n", {});
        expect(bytes).toBeLessThanOrEqual(CONTRACT_BOUNDS.maxBytes);
      }
      expect((await caller.get("k0")).outcome).toBe("miss");
      expect([(await caller.get("used")).outcome, (await caller.get("k79")).outcome]).toEqual(["hit", "hit"]);
    });

    it("lets one namespace that fills it push out nothing of another that holds little", async () => {
      await cacheCaller(cache, "small").put("k", "x");
      for (let at = 0; at < 100; at += 1) {
        await caller.put(`k${at}`, randomBytes(100_000));
        advance(10);
      }
      expect((await cacheCaller(cache, "small").get("k")).outcome).toBe("hit");
    });

    it("shows an entry decoded, with the time that it has left, and as no use of it", async () => {
      expect(await cache.peek("n", "k")).toBeNull();
      await caller.put("k", gzipSync(rows), {
        encoding: "gzip",
        maxAgeMs: 10_000,
        staleMs: 5_000,
        tags: ["a", "b"],
        meta: "m",
      });
      advance(4_000);
      const peeked = await cache.peek("n", "k");
      expect(Buffer.from(peeked?.body ?? []).toString()).toBe(rows);
      const told = { mediaType: "text/plain", tags: ["a", "b"], meta: "m" };
      expect(peeked).toMatchObject({ ...told, ttlLeftMs: 6_000, staleLeftMs: 5_000 });
      expect((await cache.list("n", { limit: 1, from: 0 })).items[0]).toMatchObject({ hits: 0, unusedMs: 4_000 });
      advance(8_000);
      expect(await cache.peek("n", "k")).toMatchObject({ ttlLeftMs: 0, staleLeftMs: 3_000 });
      advance(3_000);
      expect(await cache.peek("n", "k")).toBeNull();
    });
  });
}
