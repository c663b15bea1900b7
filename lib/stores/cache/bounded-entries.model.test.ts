import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { BoundedEntries } from "./bounded-entries.ts";
import type { PolicySetting } from "./eviction/policy-setting.ts";

const key = fc.integer({ min: 0, max: 30 }).map((n) => `k${n}`);
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      key,
      size: fc.integer({ min: 1, max: 400 }),
      ttlMs: fc.integer({ min: 1, max: 500 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("get" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("shrink" as const), key, size: fc.integer({ min: 1, max: 400 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 1, max: 200 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("throttle" as const), throttled: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("resize" as const),
      maxItems: fc.integer({ min: 1, max: 20 }),
      room: fc.integer({ min: 200, max: 2000 }),
    }),
  },
);

const yielder = { spent: true, yield: () => Promise.resolve() };
const policies: PolicySetting[] = ["lru", "s3-fifo", "tiny-lfu", "auto"];

describe.each(policies)("BoundedEntries under %s", (policy) => {
  it("agrees with a naive model and holds items, bytes and grants after each operation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 150 }), async (operations) => {
        const clock = new FakeClock();
        const account = new TestAccount();
        const model = new Map<string, { value: number; size: number; expiresAtMs: number }>();
        let removed = 0;
        let stored = 0;
        const store = new BoundedEntries<{ n: number }>({
          maxItems: 10,
          maxBytes: 5_000,
          policy,
          clock,
          account,
          onRemoved: (value, cause, name) => {
            removed += 1;
            if (cause === "evicted") {
              expect(model.get(name)?.value).toBe(value.n);
              model.delete(name);
            }
          },
        });
        for (const [n, op] of operations.entries()) {
          const nowMs = clock.monotonicMs();
          const isLive = (name: string) => (model.get(name)?.expiresAtMs ?? 0) > nowMs;
          if (op.do === "set") {
            const before = isLive(op.key) ? model.get(op.key) : undefined;
            const outcome = store.set(op.key, { n }, op.size, op.ttlMs);
            if (outcome === "added" || outcome === "replaced") {
              stored += 1;
              expect(outcome).toBe(before ? "replaced" : "added");
              model.set(op.key, { value: n, size: op.size, expiresAtMs: nowMs + op.ttlMs });
              expect(store.view.peek(op.key)?.n).toBe(n);
            } else {
              expect(store.view.peek(op.key)?.n).toBe(before?.value);
              expect(outcome === "too-large" || account.throttled).toBe(true);
            }
          } else if (op.do === "get") {
            expect(store.get(op.key)?.n).toBe(isLive(op.key) ? model.get(op.key)?.value : undefined);
            if (!isLive(op.key)) model.delete(op.key);
          } else if (op.do === "delete") {
            expect(store.delete(op.key)).toBe(isLive(op.key));
            model.delete(op.key);
          } else if (op.do === "shrink") {
            const entry = isLive(op.key) ? model.get(op.key) : undefined;
            if (entry && op.size <= entry.size) {
              expect(store.resizeEntry(op.key, op.size)).toBe(true);
              entry.size = op.size;
            }
          } else if (op.do === "advance") clock.advance(op.byMs);
          else if (op.do === "sweep") {
            await store.sweep(yielder);
            for (const [name, entry] of model) if (entry.expiresAtMs <= nowMs) model.delete(name);
            expect(store.items).toBe(model.size);
          } else if (op.do === "throttle") account.throttled = op.throttled;
          else {
            const before = { maxItems: store.maxItems, maxBytes: store.maxBytes, indexBytes: store.indexBytes };
            try {
              store.resize({ maxItems: op.maxItems, maxBytes: store.indexBytes + op.room });
            } catch (error) {
              // The index of the new size may not fit: then the lower bounds hold, with the index that is there.
              expect(error).toBeInstanceOf(RangeError);
              expect(store.maxItems).toBe(Math.min(before.maxItems, op.maxItems));
              expect(store.maxBytes).toBe(Math.min(before.maxBytes, before.indexBytes + op.room));
            }
          }
          expect(store.items).toBeLessThanOrEqual(store.maxItems);
          expect(store.bytes).toBeLessThanOrEqual(store.maxBytes);
          expect(account.grantedBytes).toBe(store.bytes);
          expect(stored - removed).toBe(store.items);
          const entries = [...store.view.entries()];
          const live = [...model].filter(([, entry]) => entry.expiresAtMs > clock.monotonicMs());
          expect(new Map(entries.map((entry) => [entry.key, entry.value.n]))).toEqual(
            new Map(live.map(([name, entry]) => [name, entry.value])),
          );
          const expired = store.view.expired();
          expect(store.bytes - store.indexBytes - expired.freedBytes).toBe(
            live.reduce((sum, [, { size }]) => sum + size, 0),
          );
        }
        store.close();
        expect([store.items, account.grantedBytes]).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
  });
});

describe("BoundedEntries", () => {
  it.each(["lru", "auto"] as const)(
    "evicts in exactly the order of last use under %s, until auto follows another",
    (policy) => {
      fc.assert(
        fc.property(fc.array(fc.record({ key, isSet: fc.boolean() }), { maxLength: 200 }), (steps) => {
          const evicted: string[] = [];
          const store = new BoundedEntries<object>({
            maxItems: 5,
            maxBytes: 10_000,
            policy,
            clock: new FakeClock(),
            account: new TestAccount(),
            onRemoved: (_value, cause, name) => cause === "evicted" && evicted.push(name),
          });
          const order: string[] = [];
          const expected: string[] = [];
          for (const { key: name, isSet } of steps) {
            const at = order.indexOf(name);
            if (isSet) store.set(name, {}, 1, 1e6);
            else store.get(name);
            if (store.policyName !== "lru") return;
            if (at >= 0) order.push(...order.splice(at, 1));
            else if (isSet) {
              if (order.length === 5) expected.push(order.shift() ?? "");
              order.push(name);
            }
          }
          expect(evicted).toEqual(expected);
        }),
        { numRuns: 2000 },
      );
    },
  );

  it("makes room out of its own while the ledger grants nothing, and refuses only what that cannot pay for", () => {
    const account = new TestAccount();
    const store = new BoundedEntries<number>({
      maxItems: 10,
      maxBytes: 10_000,
      policy: "lru",
      clock: new FakeClock(),
      account,
    });
    store.set("a", 1, 300, 1e6);
    store.set("b", 2, 300, 1e6);
    account.throttled = true;
    expect(store.set("c", 3, 500, 1e6)).toBe("added");
    expect([store.view.peek("a"), store.view.peek("b"), store.view.peek("c")]).toEqual([undefined, undefined, 3]);
    expect(store.set("c", 4, 700, 1e6)).toBe("no-memory");
    expect(store.view.peek("c")).toBe(3);
    expect(account.grantedBytes).toBe(store.bytes);
  });

  it("grows its index to 100,000 entries within its bytes, and keeps every entry", () => {
    const account = new TestAccount();
    const store = new BoundedEntries<number>({
      maxItems: 100_000,
      maxBytes: 16_000_000,
      policy: "auto",
      clock: new FakeClock(),
      account,
    });
    for (let i = 0; i < 100_000; i += 1) {
      store.set(`key-${i}`, i, 10, 1e6);
      expect(account.grantedBytes).toBe(store.bytes);
    }
    expect(store.items).toBe(100_000);
    for (let i = 0; i < 100_000; i += 997) expect(store.get(`key-${i}`)).toBe(i);
  });

  it("holds at most 80 bytes an entry beside key, value and size, index and shadows included", () => {
    const store = new BoundedEntries<true>({
      maxItems: 1_000_000,
      maxBytes: 1e9,
      policy: "auto",
      clock: new FakeClock(),
      account: new TestAccount(),
    });
    for (let i = 0; i < 1_000_000; i += 1) store.set(`${i}`, true, 0, 1e6);
    expect(store.indexBytes / store.items).toBeLessThanOrEqual(80);
  });
});
