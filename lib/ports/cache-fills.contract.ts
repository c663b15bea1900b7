import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asHit, bodyOf, type CacheCaller, type CacheUnderTest, cacheCaller, tokenOf } from "../testing/cache-caller.ts";
import type { CacheStore, FillRequest } from "./cache-store.ts";

const LEASE_MS = 10_000;
const FILL: FillRequest = { waitMs: 0 };
const EXPIRED = { code: "lease-expired" };

/** What every driver of CacheStore must do with fill leases. */
export function describeCacheFills(name: string, fresh: () => Promise<CacheUnderTest>): void {
  describe(`${name}: fill leases`, () => {
    let cache: CacheStore;
    let advance: CacheUnderTest["advance"];
    let close: CacheUnderTest["close"];
    let caller: CacheCaller;

    beforeEach(async () => {
      ({ cache, advance, close } = await fresh());
      caller = cacheCaller(cache);
    });
    afterEach(() => close());

    it("are for one caller of a missing key, and the others are told; who does not ask gets none", async () => {
      expect(await caller.get("k")).toEqual({ outcome: "miss" });
      const found = await Promise.all(Array.from({ length: 100 }, () => caller.get("k", { fill: FILL })));
      const outcomes = found.map(({ outcome }) => outcome).toSorted();
      expect(outcomes).toEqual(["lease", ...new Array(99).fill("pending")]);
      expect(await caller.get("k")).toEqual({ outcome: "miss" });
      expect((await cacheCaller(cache, "m").get("k", { fill: FILL })).outcome).toBe("lease");
    });

    it("give who waits the value the moment it is put, with the lease or by anyone", async () => {
      for (const isHolder of [true, false]) {
        const key = `k${isHolder}`;
        const lease = tokenOf(await caller.get(key, { fill: FILL }));
        const waiting = Promise.all(
          Array.from({ length: 50 }, () => caller.get(key, { fill: { waitMs: 5_000 } }).then(asHit)),
        );
        expect((await caller.get(key, { fill: FILL })).outcome).toBe("pending");
        await caller.put(key, "value", isHolder ? { lease } : {});
        expect(new Set((await waiting).map(bodyOf))).toEqual(new Set(["value"]));
        await expect(caller.put(key, "late", { lease })).rejects.toMatchObject(EXPIRED);
      }
    });

    it("tell who waits that it is still pending when its time is over or its caller is gone", async () => {
      await caller.get("k", { fill: FILL });
      const abort = new AbortController();
      const gone = caller.get("k", { fill: { waitMs: 5_000, signal: abort.signal } });
      const late = caller.get("k", { fill: { waitMs: 5_000 } });
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("pending");
      abort.abort();
      expect(await gone).toEqual({ outcome: "pending" });
      advance(5_000);
      expect(await late).toEqual({ outcome: "pending" });
    });

    it("end with their time, and then belong to who waits or comes first; a late value is refused", async () => {
      const first = tokenOf(await caller.get("k", { fill: FILL }));
      const waiting = caller.get("k", { fill: { waitMs: 60_000 } });
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("pending");
      advance(LEASE_MS);
      const second = tokenOf(await waiting);
      await expect(caller.put("k", "late", { lease: first })).rejects.toMatchObject({ ...EXPIRED, status: 409 });
      await expect(cache.delete("n", "k", first)).rejects.toMatchObject(EXPIRED);
      expect((await caller.get("k")).outcome).toBe("miss");
      advance(LEASE_MS);
      const third = tokenOf(await caller.get("k", { fill: FILL }));
      await expect(caller.put("k", "late", { lease: second })).rejects.toMatchObject(EXPIRED);
      expect(await caller.put("k", "value", { lease: third })).toBe("added");
    });

    it("last as long as was asked, and are renewed by their holder alone", async () => {
      const token = tokenOf(await caller.get("k", { fill: { waitMs: 0, leaseMs: 60_000 } }));
      advance(59_999);
      expect(await caller.get("k", { fill: { waitMs: 0, leaseMs: 30_000, token } })).toEqual({
        outcome: "lease",
        token,
      });
      await expect(caller.get("k", { fill: { waitMs: 0, token: "another" } })).rejects.toMatchObject(EXPIRED);
      advance(29_999);
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("pending");
      advance(1);
      await expect(caller.get("k", { fill: { waitMs: 0, token } })).rejects.toMatchObject(EXPIRED);
      const next = tokenOf(await caller.get("k", { fill: FILL }));
      await caller.put("k", "value", { lease: next });
      expect(bodyOf(await caller.hit("k", { fill: { waitMs: 0, token } }))).toBe("value");
    });

    it("pass on at once when their holder gives them back, and the entry stays", async () => {
      const lease = tokenOf(await caller.get("k", { fill: FILL }));
      const waiting = caller.get("k", { fill: { waitMs: 5_000 } });
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("pending");
      expect(await cache.delete("n", "k", lease)).toBe(true);
      const second = tokenOf(await waiting);
      await caller.put("k", "old", { lease: second, maxAgeMs: 0, staleMs: 60_000 });
      const third = tokenOf(await caller.hit("k", { fill: FILL }));
      expect(await cache.delete("n", "k", third)).toBe(true);
      expect(await caller.body("k")).toBe("old");
    });

    it("are void after a delete and after a purge of their prefix, soft or not, but not of another", async () => {
      const isVoid = async (change: () => Promise<unknown>): Promise<boolean> => {
        const lease = tokenOf(await caller.get("a/k", { fill: FILL }));
        await change();
        const refused = await caller.put("a/k", "read before", { lease }).then(
          () => false,
          ({ code }) => code === EXPIRED.code,
        );
        await cache.delete("n", "a/k");
        return refused;
      };
      expect(await isVoid(() => cache.delete("n", "a/k"))).toBe(true);
      expect(await isVoid(() => cache.purge("n", { prefix: "a/" }))).toBe(true);
      expect(await isVoid(() => cache.purge("n", { tags: ["any"] }))).toBe(true);
      expect(await isVoid(() => cache.markStale("n", {}))).toBe(true);
      expect(await isVoid(() => cache.purge("n", { prefix: "b/" }))).toBe(false);
      expect(await isVoid(() => cache.purge("m", {}))).toBe(false);
    });

    it("of a stale response go to one, while all get it at once, until it is filled", async () => {
      await caller.put("k", "old", { maxAgeMs: 10_000, staleMs: 60_000 });
      expect(await caller.hit("k", { fill: FILL })).toMatchObject({ isStale: false, lease: null });
      advance(10_000);
      expect(await caller.hit("k")).toMatchObject({ isStale: true, lease: null });
      const found = await Promise.all(Array.from({ length: 100 }, () => caller.hit("k", { fill: FILL })));
      expect(new Set(found.map(bodyOf))).toEqual(new Set(["old"]));
      const leases = found.flatMap(({ lease }) => lease ?? []);
      expect(leases).toHaveLength(1);
      await caller.put("k", "new", { lease: leases[0] });
      const filled = await caller.hit("k", { fill: FILL });
      expect([bodyOf(filled), filled.isStale, filled.lease]).toEqual(["new", false, null]);
    });

    it("of a stale response pass to the next who asks when their holder is silent, and end with the response", async () => {
      await caller.put("k", "old", { maxAgeMs: 0, staleMs: 2 * LEASE_MS });
      const first = tokenOf(await caller.hit("k", { fill: FILL }));
      expect((await caller.hit("k", { fill: { waitMs: 0, token: first } })).lease).toBe(first);
      await expect(caller.get("k", { fill: { waitMs: 0, token: "another" } })).rejects.toMatchObject(EXPIRED);
      advance(LEASE_MS);
      expect((await caller.hit("k", { fill: FILL })).lease).not.toBeNull();
      await expect(caller.put("k", "late", { lease: first })).rejects.toMatchObject(EXPIRED);
      advance(LEASE_MS);
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("lease");
    });

    it("leave who waits to compute for itself when the value is not to be kept", async () => {
      const lease = tokenOf(await caller.get("k", { fill: FILL }));
      const waiting = caller.get("k", { fill: { waitMs: 5_000 } });
      expect((await caller.get("k", { fill: FILL })).outcome).toBe("pending");
      expect(await caller.put("k", "x", { lease, maxAgeMs: 0 })).toBe("not-kept");
      expect((await waiting).outcome).not.toBe("hit");
      expect((await caller.get("k")).outcome).toBe("miss");
    });
  });
}
