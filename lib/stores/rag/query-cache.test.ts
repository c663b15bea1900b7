import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { QueryCache } from "./query-cache.ts";

const yielder = { spent: true, yield: () => Promise.resolve() };
const answer = (size: number) => Buffer.alloc(size, 1);

function make(bounds = { maxItems: 3, maxBytes: 10_000, ttlMs: 1_000 }, ceiling?: number) {
  const clock = new FakeClock();
  const account = new TestAccount(ceiling ?? Number.MAX_SAFE_INTEGER, "rag");
  return { clock, account, cache: new QueryCache(bounds, account, clock) };
}

function put(cache: QueryCache, key: string, size = 100, namespace = "a"): boolean {
  const pending = cache.begin(namespace);
  const kept = cache.set(pending, key, answer(size));
  cache.end(pending);
  return kept;
}

describe("QueryCache", () => {
  it("holds both bounds, and the ledger's, after each of many operations, and answers only what was kept and not since written over", async () => {
    const operation = fc.record({
      kind: fc.constantFrom("set", "get", "invalidate", "advance", "sweep", "evict", "resize"),
      key: fc.integer({ min: 0, max: 9 }),
      size: fc.integer({ min: 0, max: 6_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 120 }), async (operations) => {
        const { cache, account, clock } = make({ maxItems: 3, maxBytes: 10_000, ttlMs: 1_000 }, 9_000);
        const model = new Map<string, { size: number; untilMs: number; namespace: string }>();
        for (const { kind, key, size } of operations) {
          const [name, namespace] = [`k${key}`, key % 2 === 0 ? "even" : "odd"];
          if (kind === "set") {
            model.delete(name);
            if (put(cache, name, size, namespace))
              model.set(name, { size, untilMs: clock.monotonicMs() + 1_000, namespace });
          } else if (kind === "get") {
            const known = model.get(name);
            const found = cache.get(name);
            if (found !== undefined) {
              expect(found.length).toBe(known?.size);
              expect(known?.untilMs).toBeGreaterThan(clock.monotonicMs());
            }
          } else if (kind === "invalidate") {
            cache.invalidate(namespace);
            for (const [other, entry] of model) if (entry.namespace === namespace) model.delete(other);
          } else if (kind === "advance") clock.advance(size / 10);
          else if (kind === "sweep") await cache.entries.sweep(yielder);
          else if (kind === "evict") {
            const held = [...cache.entries.view.entries()];
            const most = cache.bytes - cache.entries.indexBytes;
            const predicted = cache.entries.predictEviction(size);
            const freed = cache.entries.evict(size);
            for (const { freedBytes } of [predicted, freed])
              expect(freedBytes).toBeGreaterThanOrEqual(Math.min(size, most));
            // Where namespaces share, one that is beyond its share goes first, and it may have another size.
            if (new Set(held.map(({ value }) => value.owner)).size < 2) expect(freed).toEqual(predicted);
          } else cache.resize({ maxItems: 1 + (key % 3) });
          expect(cache.items).toBeLessThanOrEqual(cache.bounds.maxItems);
          expect(cache.bytes).toBeLessThanOrEqual(cache.bounds.maxBytes);
          expect(account.grantedBytes).toBe(cache.bytes);
        }
      }),
    );
  });

  it("lets the least lately used go first", () => {
    const { cache } = make();
    for (const key of ["a", "b", "c"]) put(cache, key);
    cache.get("a");
    put(cache, "d");
    expect(["a", "b", "c", "d"].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true, true]);
  });

  it("does not keep an answer that was computed before a write to its namespace", () => {
    const { cache } = make();
    const [before, other] = [cache.begin("a"), cache.begin("b")];
    cache.invalidate("a");
    expect(cache.set(before, "x", answer(10))).toBe(false);
    expect(cache.set(other, "y", answer(10))).toBe(true);
    expect(cache.get("x")).toBeUndefined();
  });

  it("pays for a new answer with its own oldest while the ledger grants nothing", () => {
    const { cache, account } = make();
    for (const key of ["a", "b"]) put(cache, key);
    account.throttled = true;
    expect(put(cache, "c")).toBe(true);
    expect(["a", "b", "c"].map((key) => cache.get(key) !== undefined)).toEqual([false, true, true]);
    expect(account.grantedBytes).toBe(cache.bytes);
  });

  it("forgets an answer when its time is over, however often it is asked for", () => {
    const { cache, clock } = make();
    const emptyBytes = cache.bytes;
    put(cache, "a");
    clock.advance(900);
    expect(cache.get("a")).toBeDefined();
    clock.advance(100);
    expect(cache.get("a")).toBeUndefined();
    expect(cache.bytes).toBe(emptyBytes);
  });

  it("lets a namespace that asks 500 questions push out none of another's within its share of places or bytes", () => {
    const many = { maxItems: 100, maxBytes: 1_000_000, ttlMs: 1_000 };
    const { indexBytes } = make(many).cache.entries;
    for (const bounds of [
      { ...many, maxItems: 10 },
      { ...many, maxBytes: indexBytes + 9_000 },
    ]) {
      const { cache } = make(bounds);
      for (let n = 0; n < 4; n++) put(cache, `a-${n}`, 500, "a");
      for (let n = 0; n < 500; n++) put(cache, `b-${n}`, 500, "b");
      expect(Array.from({ length: 4 }, (_, n) => cache.get(`a-${n}`) !== undefined)).toEqual([true, true, true, true]);
      for (let n = 0; n < 4; n++) put(cache, `c-${n}`, 500, "c");
      expect(cache.get("c-0")).toBeDefined();
    }
  });
});
