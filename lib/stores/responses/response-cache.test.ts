import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import type { CachePut } from "../../ports/cache-store.ts";
import type { Amount, QuotaGate } from "../../ports/namespace-quotas.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { LEASE_MS } from "./fill-leases.ts";
import { ResponseCache } from "./response-cache.ts";
import type { ResponseCacheOptions } from "./response-cache-options.ts";

/** Compressing happens on zlib's threads: how long that takes is the machine's affair. */
const PATIENCE = { timeout: 600_000 };
const yielder = { spent: false, yield: () => Promise.resolve() };

function setUp(options: Partial<ResponseCacheOptions> = {}) {
  const clock = new FakeClock();
  const account = new TestAccount(options.maxBytes ?? 4_000_000);
  const cache = new ResponseCache({
    decoders: new TestAccount(),
    maxItems: 50,
    maxBytes: 4_000_000,
    ttlMs: 300_000,
    policy: "auto",
    maxBodyBytes: 1_000_000,
    random: () => 0.5,
    createYielder: () => yielder,
    ...options,
    clock,
    account,
  });
  const put = (key: string, body: string | Uint8Array, more: Partial<CachePut> = {}) =>
    cache.put({
      namespace: "n",
      key,
      body: typeof body === "string" ? Buffer.from(body) : body,
      encoding: "identity",
      mediaType: "application/json",
      tags: [],
      ...more,
    });
  const get = (key: string, more: Partial<Parameters<ResponseCache["lookup"]>[0]> = {}) =>
    cache.lookup({ namespace: "n", key, accepts: [], ...more });
  return { cache, clock, account, put, get };
}

const text = (rows: number, seed = 0) =>
  JSON.stringify(Array.from({ length: rows }, (_, row) => ({ row, name: `name ${(row * 7919 + seed) % 997}` })));

async function hit(found: ReturnType<ResponseCache["lookup"]>) {
  const result = await found;
  if (result.outcome !== "hit") throw new Error(`a hit was expected, not ${result.outcome}`);
  return result;
}

describe("ResponseCache deduplication", () => {
  it("lets no body go that another entry has, when an entry goes while it runs", async () => {
    const { cache, put, get } = setUp({ compression: false, policy: "lru" });
    const step = cache.relief.find(({ kind }) => kind === "deduplicate");
    const body = Buffer.alloc(5_000, 7);
    await put("x", "small");
    await put("b", body);
    await put("d", body);
    await step?.run(Number.POSITIVE_INFINITY, yielder);
    await cache.delete("n", "x");
    await put("a", body);
    let isGone = false;
    const yieldToLoop = async () => {
      if (!isGone) await cache.delete("n", "b");
      isGone = true;
    };
    await step?.run(Number.POSITIVE_INFINITY, { spent: true, yield: yieldToLoop });
    await put("e", Buffer.alloc(5_000, 9));
    for (const key of ["a", "d"]) {
      const { representation } = await hit(get(key));
      expect([...new Set(representation?.bytes)]).toEqual([7]);
    }
  });

  it("shares bodies within a namespace alone, so that each is told what it holds, and gives it back", async () => {
    const { cache, put } = setUp({ compression: false, policy: "lru" });
    const step = cache.relief.find(({ kind }) => kind === "deduplicate");
    const body = Buffer.alloc(5_000, 7);
    for (const namespace of ["a", "b"]) for (const key of ["x", "y"]) await put(key, body, { namespace });
    const before = cache.held("b");
    expect(step?.predict(Number.POSITIVE_INFINITY).items).toBe(2);
    expect((await step?.run(Number.POSITIVE_INFINITY, yielder))?.items).toBe(2);
    expect(cache.held("a")).toEqual(cache.held("b"));
    expect(cache.held("b").bytes).toBeLessThan(before.bytes - 4_500);
    for (const key of ["x", "y"]) await cache.delete("a", key);
    expect(cache.held("a")).toEqual({ bytes: 0, items: 0 });
  });

  it("refuses by what is known of a quota, and not with the disk's fault, where nothing can be counted", async () => {
    const exceeded = () => new AppError("quota-exceeded", "full");
    const recount = () => Promise.reject(new AppError("storage-unavailable", "the disk is gone"));
    const gate = { fits: ({ items }: Amount) => items === 0, exceeded, recount } as unknown as QuotaGate;
    const { cache, put } = setUp({ quotas: { of: (name) => (name === "full" ? gate : null) } });
    await expect(put("a", "body", { namespace: "full" })).rejects.toMatchObject({ code: "quota-exceeded" });
    expect(cache.held("full")).toEqual({ bytes: 0, items: 0 });
    expect(await put("a", "body")).toBe("added");
  });

  it("keeps its old bounds when new ones are refused", async () => {
    const { cache, account, put } = setUp({ compression: false });
    account.throttled = true;
    expect(() => cache.resize({ maxItems: 2_000, maxBytes: 32_000_000 })).toThrow(RangeError);
    account.throttled = false;
    account.ceilingBytes = 64_000_000;
    for (let i = 0; i < 50; i++) await put(`k${i}`, Buffer.alloc(400_000, i));
    expect(cache.stats().bytes).toBeLessThanOrEqual(4_000_000);
  });

  it("holds lowered bounds when the ledger refuses the index of a raised one", async () => {
    const { cache, account, put } = setUp({ compression: false });
    for (let i = 0; i < 50; i++) await put(`k${i}`, Buffer.alloc(60_000, i));
    account.throttled = true;
    expect(() => cache.resize({ maxItems: 200_000, maxBytes: 2_000_000, ttlMs: 1_000 })).toThrow(RangeError);
    expect(cache.stats()).toMatchObject({ maxItems: 50, maxBytes: 2_000_000, ttlSeconds: 1 });
    expect(cache.stats().bytes).toBeLessThanOrEqual(2_000_000);
    account.throttled = false;
    for (let i = 0; i < 50; i++) await put(`l${i}`, Buffer.alloc(60_000, i));
    expect(cache.stats().bytes).toBeLessThanOrEqual(2_000_000);
  });
});

describe("ResponseCache representations", () => {
  it("serves brotli as held to who takes it and the identical body to who does not, each under its own tag", async () => {
    const { cache, put, get } = setUp();
    const body = Buffer.from(text(400));
    await put("k", body);
    const plain = await hit(get("k"));
    await cache.settle();
    const brotli = await hit(get("k", { accepts: ["br", "gzip"] }));
    const again = await hit(get("k"));
    expect(brotli.representation?.encoding).toBe("br");
    expect(brotliDecompressSync(brotli.representation?.bytes ?? Buffer.alloc(0))).toEqual(body);
    expect(again.representation?.bytes).toEqual(body);
    expect(again.etag).toBe(plain.etag);
    expect(brotli.etag).not.toBe(plain.etag);
    expect(cache.stats().bytes).toBeLessThan(setUp().cache.stats().bytes + body.length + 16_384);
  });

  it("holds gzip for callers that take nothing better", async () => {
    const { cache, put, get } = setUp();
    for (let i = 0; i < 20; i += 1) await get("none", { accepts: ["gzip"] });
    await put("k", text(400));
    await cache.settle();
    const found = await hit(get("k", { accepts: ["gzip"] }));
    expect(gunzipSync(found.representation?.bytes ?? Buffer.alloc(0)).toString()).toBe(text(400));
  });

  it("keeps a body that was put compressed to the byte", async () => {
    const { cache, put, get } = setUp();
    const gzipped = gzipSync(text(400), { level: 1 });
    await put("k", gzipped, { encoding: "gzip" });
    await cache.settle();
    expect((await hit(get("k", { accepts: ["gzip"] }))).representation?.bytes).toEqual(gzipped);
    expect((await hit(get("k", { accepts: ["br"] }))).representation?.bytes.toString()).toBe(text(400));
  });

  it("answers a known tag without a body: of any form that the caller takes, of none other", async () => {
    const { cache, put, get } = setUp();
    await put("k", text(400));
    await cache.settle();
    const identity = (await hit(get("k"))).etag;
    const brotli = (await hit(get("k", { accepts: ["br"] }))).etag;
    expect((await hit(get("k", { etags: [identity] }))).representation).toBeNull();
    expect((await hit(get("k", { accepts: ["br"], etags: [`W/${brotli}`] }))).representation).toBeNull();
    expect((await hit(get("k", { etags: [brotli] }))).representation).not.toBeNull();
    expect((await hit(get("k", { etags: ["*"] }))).representation).toBeNull();
  });

  it("refuses a bomb by what it inflates to, and a body that is not what its encoding says", async () => {
    const { put, cache } = setUp();
    const bomb = brotliCompressSync(Buffer.alloc(8_000_000));
    await expect(put("k", bomb, { encoding: "br" })).rejects.toMatchObject({ code: "body-too-large" });
    await expect(put("k", "plain", { encoding: "gzip" })).rejects.toMatchObject({ code: "malformed-request" });
    expect(cache.stats().items).toBe(0);
  });

  it("takes all of an encoded body or none of it: bytes behind its end are refused with their offset", async () => {
    const { put, get, cache } = setUp();
    const [first, second] = [Buffer.from("first\n"), Buffer.from("second\n")];
    const brotli = brotliCompressSync(first);
    const gzipped = gzipSync(first);
    for (const [encoding, body, end] of [
      ["br", Buffer.concat([brotli, brotliCompressSync(second)]), brotli.length],
      ["br", Buffer.concat([brotli, Buffer.alloc(512)]), brotli.length],
      ["gzip", Buffer.concat([gzipped, Buffer.alloc(512), gzipSync(second)]), gzipped.length],
    ] as const)
      await expect(put("k", body, { encoding })).rejects.toMatchObject({
        code: "malformed-request",
        message: expect.stringContaining(`offset ${end}`),
      });
    expect(cache.stats().items).toBe(0);
    await put("k", Buffer.concat([gzipped, gzipSync(second), Buffer.alloc(512)]), { encoding: "gzip" });
    expect((await hit(get("k"))).representation?.bytes).toEqual(Buffer.concat([first, second]));
  });

  it("leaves what does not shrink as it is", async () => {
    const { cache, put } = setUp();
    const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) & 255));
    await put("noise", gzipSync(noise), { mediaType: "application/octet-stream" });
    await put("picture", text(400), { mediaType: "image/png" });
    await cache.settle();
    const { items } = await cache.list("n", { limit: 10, from: 0 });
    expect(items.map(({ encoding }) => encoding)).toEqual(["identity", "identity"]);
  });
});

describe("ResponseCache bounds", () => {
  it("refuses what can never fit, and keeps what is there", async () => {
    const { cache, put, get } = setUp({ maxBytes: 500_000 });
    await put("k", "old");
    const before = cache.stats();
    await expect(put("k", Buffer.alloc(600_000))).rejects.toMatchObject({ code: "item-too-large" });
    expect((await hit(get("k"))).representation?.bytes.toString()).toBe("old");
    expect(cache.stats()).toMatchObject({ items: 1, bytes: before.bytes, rejections: 1 });
  });

  it("keeps namespaces apart", async () => {
    const { cache, put, get } = setUp();
    await put("k", "mine");
    expect((await get("k", { namespace: "other" })).outcome).toBe("miss");
    expect(await cache.delete("other", "k")).toBe(false);
    expect(await cache.purge("other", {})).toBe(0);
    expect((await get("k")).outcome).toBe("hit");
  });

  it("keeps an entry for the very time that was asked, unless jitter is set", async () => {
    const { clock, put, get } = setUp({ random: () => 1 });
    await put("own", "x", { maxAgeMs: 1000 });
    clock.advance(999);
    expect((await get("own")).outcome).toBe("hit");
    clock.advance(1);
    expect((await get("own")).outcome).toBe("miss");
  });

  it("puts and deletes only what the condition asks for, also when another has put meanwhile", async () => {
    const { cache, put, get } = setUp();
    const absent = { match: [], noneMatch: ["*"] };
    const both = await Promise.allSettled([
      put("k", "one", { condition: absent }),
      put("k", "two", { condition: absent }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const found = await get("k");
    const tag = found.outcome === "hit" ? found.etag.slice(1, -1) : "";
    const other = { match: [["other"]], noneMatch: [] };
    await expect(put("k", "x", { condition: other })).rejects.toMatchObject({ code: "version-mismatch" });
    await expect(put("new", "x", { condition: other })).rejects.toMatchObject({ code: "version-mismatch" });
    await expect(cache.delete("n", "k", undefined, other)).rejects.toMatchObject({ code: "version-mismatch" });
    expect(await put("k", "three", { condition: { match: [["other", tag]], noneMatch: [] } })).toBe("replaced");
  });

  it("T63: lets entries that were put together expire apart, within 10 % of their time to live", async () => {
    const { cache, clock, put } = setUp({ random: Math.random, ttlJitter: 0.1, maxItems: 1000 });
    for (let i = 0; i < 1000; i += 1) await put(`k${i}`, "x");
    const left: number[] = [];
    for (const atMs of [269_999, 300_000, 330_001]) {
      clock.advance(atMs - clock.monotonicMs());
      await cache.sweep(yielder);
      left.push(cache.stats().items);
    }
    expect(left[0]).toBe(1000);
    expect(left[1]).toBeGreaterThan(400);
    expect(left[1]).toBeLessThan(600);
    expect(left[2]).toBe(0);
    expect(cache.stats().removals.expired).toBe(1000);
  });

  it("T64: never keeps an entry longer than its caller said, and never expires by the wall clock", async () => {
    const { clock, put, get } = setUp({ random: () => 0, ttlJitter: 0.1 });
    await put("k", "x", { maxAgeMs: 1000 });
    clock.jumpWall(3_600_000);
    clock.advance(999);
    expect((await get("k")).outcome).toBe("hit");
    clock.advance(1);
    expect((await get("k")).outcome).toBe("miss");
  });
});

describe("ResponseCache fills", () => {
  it("refuses a late token, and a token of a key that was deleted while it was filled", async () => {
    const { cache, clock, put, get } = setUp();
    const fill = { waitMs: 0 };
    const lease = await get("k", { fill });
    if (lease.outcome !== "lease") throw new Error("no lease");
    clock.advance(LEASE_MS);
    await expect(put("k", "late", { lease: lease.token })).rejects.toMatchObject({
      code: "lease-expired",
      status: 409,
    });
    const next = await get("k", { fill });
    if (next.outcome !== "lease") throw new Error("no second lease");
    await cache.delete("n", "k");
    await expect(put("k", "stale", { lease: next.token })).rejects.toMatchObject({ code: "lease-expired" });
    expect((await get("k")).outcome).toBe("miss");
  });

  it("gives who waits the value the moment it is put", async () => {
    const { put, get } = setUp();
    const lease = await get("k", { fill: { waitMs: 0 } });
    const waiting = get("k", { fill: { waitMs: 5000 } });
    expect((await get("k", { fill: { waitMs: 0 } })).outcome).toBe("pending");
    await put("k", "value", lease.outcome === "lease" ? { lease: lease.token } : {});
    expect((await hit(waiting)).representation?.bytes.toString()).toBe("value");
  });

  it("passes the lease on at once when its holder gives it back", async () => {
    const { cache, get } = setUp();
    const lease = await get("k", { fill: { waitMs: 0 } });
    const waiting = get("k", { fill: { waitMs: 5000 } });
    await cache.delete("n", "k", lease.outcome === "lease" ? lease.token : "");
    expect((await waiting).outcome).toBe("lease");
  });
});

describe("ResponseCache lists and purges", () => {
  it("pages through every entry once while others come and go, and purges by tag and prefix together", async () => {
    const { cache, put } = setUp();
    for (let i = 0; i < 30; i += 1) await put(`a/${i}`, "x", { tags: [i % 2 === 0 ? "even" : "odd"] });
    const seen: string[] = [];
    let from: number | null = 0;
    while (from !== null) {
      const page: Awaited<ReturnType<typeof cache.list>> = await cache.list("n", { prefix: "a/", limit: 7, from });
      seen.push(...page.items.map(({ key }) => key));
      from = page.next;
      await put(`b/${seen.length}`, "x", { tags: ["even"] });
      await cache.delete("n", `b/${seen.length - 7}`);
    }
    expect(seen.toSorted()).toEqual(Array.from({ length: 30 }, (_, i) => `a/${i}`).toSorted());
    expect(await cache.purge("n", { tags: ["even"], prefix: "a/" })).toBe(15);
    expect(
      (await cache.list("n", { prefix: "a/", limit: 50, from: 0 })).items.every(({ tags }) => tags[0] === "odd"),
    ).toBe(true);
  });

  it("pages through 2,500 entries once each while they are written again and new bounds build the index again", async () => {
    const { cache, put } = setUp({ maxItems: 3_000 });
    for (let i = 0; i < 2_500; i += 1) await put(`k${i}`, "x");
    const seen: string[] = [];
    for (let from: number | null = 0, page = 0; from !== null; page += 1) {
      const found: Awaited<ReturnType<typeof cache.list>> = await cache.list("n", { limit: 100, from });
      seen.push(...found.items.map(({ key }) => key));
      from = found.next;
      for (let i = 0; i < 50; i += 1)
        await put(`k${(page * 977 + i * 31) % 2_500}`, "a longer body, which may want another place");
      await put(`new/${page}`, "x");
      if (page % 5 === 4) cache.resize({ maxItems: 3_000 + page, policy: page % 2 === 0 ? "lru" : "s3-fifo" });
    }
    const old = seen.filter((key) => !key.startsWith("new/"));
    expect(new Set(old).size).toBe(2_500);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("purges everything that was there, though new bounds build the index again at every pause", async () => {
    const slow = { spent: true, yield: async () => undefined };
    let bounds = 5_000;
    const { cache, put } = setUp({
      maxItems: 5_000,
      createYielder: () => ({
        ...slow,
        yield: async () => cache.resize({ maxItems: ++bounds, policy: bounds % 2 === 0 ? "lru" : "s3-fifo" }),
      }),
    });
    for (let i = 0; i < 300; i += 1) await put(`k${i}`, "x", { tags: [i % 3 === 0 ? "old" : "kept"] });
    expect(await cache.purge("n", { tags: ["old"] })).toBe(100);
    expect((await cache.list("n", { limit: 500, from: 0 })).items.map(({ tags }) => tags[0])).toEqual(
      new Array(200).fill("kept"),
    );
  });

  it("does not purge what is put while it runs", async () => {
    const yields: (() => void)[] = [];
    const slow = { spent: true, yield: () => new Promise<void>((resolve) => yields.push(resolve)) };
    const { cache, put, get } = setUp({ createYielder: () => slow });
    for (let i = 0; i < 3; i += 1) await put(`k${i}`, "old");
    const purge = cache.purge("n", {});
    // One has gone by now, whichever: the walk goes by the keys' hashes.
    for (let i = 0; i < 3; i += 1) await put(`k${i}`, "new");
    let done = false;
    const ended = purge.finally(() => {
      done = true;
    });
    while (!done) {
      for (const turn of yields.splice(0)) turn();
      await Promise.resolve();
    }
    expect(await ended).toBe(1);
    for (let i = 0; i < 3; i += 1) expect((await hit(get(`k${i}`))).representation?.bytes.toString()).toBe("new");
  });
});

describe("ResponseCache compression", () => {
  const encodings = async (cache: ResponseCache): Promise<Record<string, string>> => {
    const { items } = await cache.list("n", { limit: 1_000, from: 0 });
    return Object.fromEntries(items.map(({ key, encoding }) => [key, encoding]));
  };

  it("compresses what has been there for a second, and nothing before", async () => {
    const { cache, clock, put, get } = setUp({ maxItems: 200 });
    await put("first", text(400));
    clock.advance(500);
    await put("second", text(500));
    await get("second");
    clock.advance(500);
    await vi.waitFor(async () => expect((await encodings(cache)).first).toBe("br"), PATIENCE);
    expect((await encodings(cache)).second).toBe("identity");
    clock.advance(500);
    await vi.waitFor(async () => expect((await encodings(cache)).second).toBe("br"), PATIENCE);
  });

  it("lets none rest while more come than may wait", async () => {
    const { cache, put } = setUp({ maxItems: 2_000, maxBytes: 8 * 1024 * 1024 });
    for (let i = 0; i < 900; i += 1) await put(`k${i}`, text(60, i));
    await vi.waitFor(async () => {
      const waiting = Object.values(await encodings(cache)).filter((encoding) => encoding === "identity").length;
      expect(waiting).toBeLessThanOrEqual(512);
    }, PATIENCE);
  });
});

describe("ResponseCache relief", () => {
  it("counts room that stood empty before under the compacting step alone, and not at all when that is left out", async () => {
    const { cache, put } = setUp({ compression: false, policy: "lru" });
    for (let at = 0; at < 50; at++) await put(`k${at}`, Buffer.alloc(20_000, at));
    for (let at = 5; at < 10; at++) await cache.delete("n", `k${at}`);
    const freed: Record<string, number> = {};
    for (const step of cache.relief.filter(({ kind }) => kind !== "evict")) {
      freed[step.kind] = (await step.run(Number.POSITIVE_INFINITY, yielder)).freedBytes;
    }
    expect(freed).toMatchObject({ expire: 0, deduplicate: 0, recompress: 0 });
    expect(freed.compact).toBeGreaterThan(60_000);
  });

  it("predicts within 15 % what each step then gives back, and empties the store at last", async () => {
    const { cache, clock, put } = setUp({ compression: true, maxItems: 200 });
    await put("warm", text(2000));
    await cache.settle();
    for (let i = 0; i < 60; i += 1) {
      await put(`k${i}`, text(600, i % 40), { maxAgeMs: i < 20 ? 1_000 : 100_000 });
    }
    clock.advance(2_000);
    for (const step of cache.relief) {
      const predicted = step.predict(Number.POSITIVE_INFINITY);
      const before = cache.bytes;
      const freed = await step.run(Number.POSITIVE_INFINITY, yielder);
      expect(freed.freedBytes).toBe(before - cache.bytes);
      // Slabs give back whole steps of 16–64 KiB.
      const error = Math.abs(freed.freedBytes - predicted.freedBytes);
      expect(error, `${step.kind}: ${predicted.freedBytes} predicted, ${freed.freedBytes} freed`).toBeLessThanOrEqual(
        Math.max(0.15 * freed.freedBytes, 64 * 1024),
      );
    }
    expect(cache.stats().items).toBe(0);
  });

  it("holds one copy of equal bodies after it deduplicates, and gives each back", async () => {
    const { cache, put, get } = setUp({ compression: false });
    for (let i = 0; i < 10; i += 1) await put(`k${i}`, text(800));
    const step = cache.relief.find(({ kind }) => kind === "deduplicate");
    const freed = await step?.run(Number.POSITIVE_INFINITY, yielder);
    expect(freed?.items).toBe(9);
    expect(freed?.freedBytes).toBeGreaterThan(7 * text(800).length);
    await cache.delete("n", "k0");
    for (let i = 1; i < 10; i += 1) expect((await hit(get(`k${i}`))).representation?.bytes.toString()).toBe(text(800));
  });
});

describe("ResponseCache shared by namespaces", () => {
  const kept = async (get: ReturnType<typeof setUp>["get"], namespace: string, keys: readonly string[]) => {
    const found = await Promise.all(keys.map(async (key) => (await get(key, { namespace })).outcome === "hit"));
    return found.filter(Boolean).length;
  };
  const names = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`);

  it.each(["lru", "s3-fifo", "tiny-lfu", "auto"] as const)(
    "lets one that puts 2,000 push none of another's 20 of 50 places out, nor of a third's single one, under %s",
    async (policy) => {
      const { put, get, cache } = setUp({ policy });
      await put("alone", "x", { namespace: "c" });
      for (const key of names(16)) await put(key, "x", { namespace: "a" });
      for (const key of names(2_000)) await put(key, "x", { namespace: "b" });
      expect(cache.stats().items).toBe(50);
      expect([await kept(get, "a", names(16)), await kept(get, "c", ["alone"])]).toEqual([16, 1]);
    },
  );

  it("counts bytes where bytes are short: large bodies of one push out its own", async () => {
    const { put, get } = setUp({ maxItems: 10_000, compression: false, policy: "lru" });
    for (const key of names(100)) await put(key, Buffer.alloc(10_000, 1), { namespace: "a" });
    for (const key of names(60)) await put(key, Buffer.alloc(200_000, 2), { namespace: "b" });
    expect(await kept(get, "a", names(100))).toBe(100);
    expect(await kept(get, "b", names(60))).toBeGreaterThan(5);
  });

  it("lets those who come later have their share of what one has filled", async () => {
    const { put, get } = setUp({ policy: "lru" });
    for (const key of names(50)) await put(key, "x", { namespace: "a" });
    for (const key of names(50)) await put(key, "x", { namespace: "b" });
    expect([await kept(get, "a", names(50)), await kept(get, "b", names(50))]).toEqual([25, 25]);
  });

  it("pushes out the least lately used of whoever is beyond the share", async () => {
    const { put, get } = setUp({ policy: "lru" });
    for (const key of names(5)) await put(key, "x", { namespace: "a" });
    for (const key of names(45)) await put(key, "x", { namespace: "b" });
    await get("key-0", { namespace: "b" });
    await put("more", "x", { namespace: "b" });
    expect((await get("key-0", { namespace: "b" })).outcome).toBe("hit");
    expect((await get("key-1", { namespace: "b" })).outcome).not.toBe("hit");
  });
});
