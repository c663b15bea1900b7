import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  CachedHit,
  CacheLookup,
  CachePut,
  CacheQuery,
  FillRequest,
  SortedPosition,
} from "../../ports/cache-store.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { hasTag } from "./cached-response.ts";
import { LEASE_MS } from "./fill-leases.ts";
import { ResponseCache } from "./response-cache.ts";
import { TopEntries } from "./top-entries.ts";

const FILL: FillRequest = { waitMs: 0 };

function setUp() {
  const clock = new FakeClock();
  const account = new TestAccount(4_000_000);
  const cache = new ResponseCache({
    decoders: new TestAccount(),
    maxItems: 50,
    maxBytes: 4_000_000,
    ttlMs: 300_000,
    policy: "lru",
    maxBodyBytes: 1_000_000,
    createYielder: () => ({ spent: false, yield: () => Promise.resolve() }),
    clock,
    account,
  });
  const put = (key: string, body: string, more: Partial<CachePut> = {}) =>
    cache.put({
      namespace: "n",
      key,
      body: Buffer.from(body),
      encoding: "identity",
      mediaType: "text/plain",
      tags: [],
      ...more,
    });
  const get = (key: string, more: Partial<CacheQuery> = {}) =>
    cache.lookup({ namespace: "n", key, accepts: [], ...more });
  return { cache, clock, account, put, get };
}

function hit(found: CacheLookup): CachedHit {
  if (found.outcome !== "hit") throw new Error(`a hit was expected, not ${found.outcome}`);
  return found;
}

const bodyOf = ({ representation }: CachedHit): string => Buffer.from(representation?.bytes ?? []).toString();

describe("stale-while-revalidate", () => {
  it("gives a stale response to all at once, and the lease to one of them, until it is filled", async () => {
    const { clock, put, get } = setUp();
    await put("k", "old", { maxAgeMs: 10_000, staleMs: 60_000 });
    clock.advance(9_999);
    expect(hit(await get("k", { fill: FILL }))).toMatchObject({ isStale: false, freshForMs: 1, lease: null });
    clock.advance(1);
    const found = await Promise.all(Array.from({ length: 100 }, async () => hit(await get("k", { fill: FILL }))));
    expect(new Set(found.map(bodyOf))).toEqual(new Set(["old"]));
    expect(found.every(({ isStale }) => isStale)).toBe(true);
    const leases = found.flatMap(({ lease }) => lease ?? []);
    expect(leases).toHaveLength(1);
    await put("k", "new", { lease: leases[0] });
    const filled = hit(await get("k", { fill: FILL }));
    expect([bodyOf(filled), filled.isStale, filled.lease]).toEqual(["new", false, null]);
  });

  it("passes the lease to the next who asks when its holder is silent, and ends with its time", async () => {
    const { clock, put, get } = setUp();
    await put("k", "old", { maxAgeMs: 0, staleMs: 2 * LEASE_MS });
    const first = hit(await get("k", { fill: FILL }));
    expect([first.isStale, first.lease === null]).toEqual([true, false]);
    expect(hit(await get("k", { fill: FILL })).lease).toBeNull();
    clock.advance(LEASE_MS);
    const second = hit(await get("k", { fill: FILL }));
    expect(second.lease).not.toBeNull();
    await expect(put("k", "late", { lease: first.lease ?? "" })).rejects.toMatchObject({ code: "lease-expired" });
    clock.advance(LEASE_MS);
    expect((await get("k", { fill: FILL })).outcome).toBe("lease");
  });

  it("gives who only looks a stale response without a lease", async () => {
    const { put, get } = setUp();
    await put("k", "old", { maxAgeMs: 0, staleMs: 1_000 });
    expect(hit(await get("k"))).toMatchObject({ isStale: true, lease: null });
    expect(hit(await get("k", { fill: FILL })).lease).not.toBeNull();
  });

  it("is never stale without leave: what is over its time is a miss", async () => {
    const { clock, put, get } = setUp();
    await put("k", "old", { maxAgeMs: 10_000 });
    clock.advance(10_000);
    expect((await get("k", { fill: FILL })).outcome).toBe("lease");
  });
});

describe("a soft purge", () => {
  it("marks what its tags and prefix select, keeps it to its end, and voids the leases of what is filled", async () => {
    const { cache, clock, put, get } = setUp();
    await put("a/1", "1", { tags: ["red", "blue"] });
    await put("a/2", "2", { tags: ["green"] });
    await put("b/1", "3", { tags: ["red"] });
    const lease = await get("a/new", { fill: FILL });
    expect(await cache.measure("n", { tags: ["red", "green"], prefix: "a/" })).toMatchObject({ count: 2 });
    expect(await cache.markStale("n", { tags: ["red", "green"], prefix: "a/" })).toBe(2);
    const stale = async (key: string) => hit(await get(key)).isStale;
    expect([await stale("a/1"), await stale("a/2"), await stale("b/1")]).toEqual([true, true, false]);
    await expect(put("a/new", "x", { lease: lease.outcome === "lease" ? lease.token : "" })).rejects.toMatchObject({
      code: "lease-expired",
    });
    clock.advance(300_000);
    expect((await get("a/1")).outcome).toBe("miss");
  });

  it("counts what a purge would free, and a dry run frees nothing", async () => {
    const { cache, account, put } = setUp();
    const before = account.grantedBytes;
    await put("k", "x".repeat(5_000), { tags: ["t"], meta: "m".repeat(2_000) });
    const { count, bytes } = await cache.measure("n", { tags: ["t"] });
    expect(count).toBe(1);
    expect(bytes).toBeGreaterThan(7_000);
    expect(bytes).toBeLessThanOrEqual(account.grantedBytes - before);
    expect(await cache.purge("n", { tags: ["t", "u"] })).toBe(1);
  });
});

describe("fill leases of a chosen length", () => {
  it("last as long as was asked, are renewed by their holder alone, and pass to a waiter for its own time", async () => {
    const { clock, put, get } = setUp();
    const taken = await get("k", { fill: { waitMs: 0, leaseMs: 60_000 } });
    if (taken.outcome !== "lease") throw new Error("no lease");
    const { token } = taken;
    clock.advance(59_999);
    expect(await get("k", { fill: { waitMs: 0, leaseMs: 30_000, token } })).toEqual({ outcome: "lease", token });
    const waiting = get("k", { fill: { waitMs: 60_000, leaseMs: 20_000 } });
    await expect(get("k", { fill: { waitMs: 0, token: "another" } })).rejects.toMatchObject({ code: "lease-expired" });
    clock.advance(30_000);
    const passed = await waiting;
    if (passed.outcome !== "lease") throw new Error("not passed on");
    await expect(get("k", { fill: { waitMs: 0, token } })).rejects.toMatchObject({ code: "lease-expired" });
    clock.advance(19_999);
    await put("k", "value", { lease: passed.token });
    expect(bodyOf(hit(await get("k", { fill: { waitMs: 0, token } })))).toBe("value");
  });
});

describe("sorted lists", () => {
  it("are pages of one order by bytes, age, hits and use, either way", async () => {
    const { cache, clock, put, get } = setUp();
    for (const [index, key] of ["c", "a", "d", "b"].entries()) {
      await put(key, "x".repeat(10 * (index % 3)));
      clock.advance(10);
    }
    for (const key of ["b", "a", "a"]) await get(key);
    clock.advance(10);
    await get("c");
    const keys = async (sort: "bytes" | "age" | "hits" | "lastUsed", order: "asc" | "desc") => {
      const found: string[] = [];
      for (let after: SortedPosition | null | undefined; after !== null; ) {
        const page = await cache.listSorted("n", { sort, order, limit: 1, after: after ?? null });
        found.push(...page.items.map(({ key }) => key));
        after = page.next;
      }
      return found.join("");
    };
    expect([await keys("bytes", "asc"), await keys("bytes", "desc")]).toEqual(["bcad", "dacb"]);
    expect([await keys("age", "asc"), await keys("age", "desc")]).toEqual(["bdac", "cadb"]);
    expect([await keys("hits", "asc"), await keys("hits", "desc")]).toEqual(["dbca", "acbd"]);
    expect([await keys("lastUsed", "asc"), await keys("lastUsed", "desc")]).toEqual(["dabc", "cbad"]);
  });

  it("show every item once, in order, whatever the figures and the size of a page", () => {
    const items = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.string()), { selector: ([, key]) => key });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 5 }), fc.constantFrom("asc", "desc"), (all, limit, order) => {
        const seen: (readonly [number, string])[] = [];
        for (let after: SortedPosition | null | undefined; after !== null; ) {
          const top = new TopEntries<readonly [number, string]>({ limit, order, after: after ?? null });
          for (const item of all) top.offer(...item, item);
          expect(top.items.length).toBeLessThanOrEqual(limit);
          seen.push(...top.items);
          after = top.next;
        }
        const sorted = all.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
        expect(seen).toEqual(order === "asc" ? sorted : sorted.reverse());
      }),
    );
  });
});

it("finds a tag in their text just where the list of them has it", () => {
  const tag = fc.string({ unit: fc.constantFrom("a", "b", " "), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(tag), tag, (tags, wanted) => {
      expect(hasTag(tags.join(","), wanted)).toBe(tags.includes(wanted));
    }),
  );
});
