import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Encoding, Representation } from "../../ports/cache-store.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import type { PolicySetting } from "../cache/eviction/policy-setting.ts";
import { ResponseCache } from "./response-cache.ts";

const MAX_BYTES = 320 * 1024;
const TTL_MS = 10_000;
const fill = { waitMs: 0 };
const yielder = { spent: true, yield: () => Promise.resolve() };

/** Text that compresses, or bytes that do not; equal seeds give equal bodies. */
function makeBody(seed: number, size: number, isText: boolean): Buffer {
  if (isText) return Buffer.from(`row ${seed} of an answer; `.repeat(Math.ceil(size / 20)).slice(0, size));
  const bytes = Buffer.alloc(size);
  for (let i = 0, state = seed + 1; i < size; i += 1) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

const key = fc.integer({ min: 0, max: 12 }).map((n) => (n % 2 === 0 ? `even/${n}` : `odd/${n}`));
const namespace = fc.constantFrom("one", "two");
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      namespace,
      key,
      seed: fc.integer({ min: 0, max: 5 }),
      size: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 120_000 }), fc.constant(400_000)),
      isText: fc.boolean(),
      isEncoded: fc.boolean(),
      tag: fc.constantFrom("red", "blue"),
      maxAgeMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
      staleMs: fc.constantFrom(0, 0, 3_000),
      meta: fc.constantFrom("", "m".repeat(2_000)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("get" as const),
      namespace,
      key,
      accepts: fc.subarray<Encoding>(["br", "gzip"]),
      fills: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), namespace, key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("purge" as const),
      namespace,
      tag: fc.constantFrom("red", undefined),
      prefix: fc.constantFrom("even/", undefined),
      soft: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 1, max: 4_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("throttle" as const), throttled: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("relieve" as const),
      step: fc.integer({ min: 0, max: 4 }),
      target: fc.constantFrom(20_000, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("resize" as const),
      maxItems: fc.integer({ min: 1, max: 10 }),
      maxBytes: fc.integer({ min: MAX_BYTES / 2, max: MAX_BYTES }),
    }),
  },
);

function decode({ bytes, encoding }: Representation): Buffer {
  if (encoding === "br") return brotliDecompressSync(bytes);
  return encoding === "gzip" ? gunzipSync(bytes) : Buffer.from(bytes);
}

interface Expected {
  body: Buffer;
  tag: string;
  meta: string;
  freshUntilMs: number;
  mayBeStale: boolean;
  /** It may live until then. */
  latestMs: number;
}

const policies: PolicySetting[] = ["auto", "lru"];

describe.each(policies)("ResponseCache under %s", (policy) => {
  it("gives back byte for byte what was put last, and holds items, bytes and grants after each operation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const clock = new FakeClock();
        const account = new TestAccount(MAX_BYTES);
        let maxItems = 8;
        let maxBytes = MAX_BYTES;
        const cache = new ResponseCache({
          decoders: new TestAccount(),
          maxItems,
          maxBytes,
          ttlMs: TTL_MS,
          policy,
          clock,
          account,
          maxBodyBytes: 500_000,
          createYielder: () => yielder,
        });
        const model = new Map<string, Expected>();
        const look = async (space: string, name: string, accepts: readonly Encoding[], fills = false) => {
          const isFilled = fills && (await cache.lookup({ namespace: space, key: name, accepts: [], fill })).outcome;
          const found = await cache.lookup({ namespace: space, key: name, accepts, fill: fills ? fill : undefined });
          const expected = model.get(`${space} ${name}`);
          if (found.outcome !== "hit") return;
          expect(expected).toBeDefined();
          expect(found.representation && decode(found.representation).equals(expected?.body ?? Buffer.alloc(0))).toBe(
            true,
          );
          expect(clock.monotonicMs()).toBeLessThan(expected?.latestMs ?? 0);
          expect([found.meta, found.tags]).toEqual([expected?.meta, expected?.tag]);
          const stale = expected?.mayBeStale === true && clock.monotonicMs() >= expected.freshUntilMs;
          expect([found.isStale, found.freshForMs > 0]).toEqual([stale, !stale]);
          // A lease went to the first of two, if to any.
          if (isFilled || !stale) expect(found.lease).toBeNull();
          if (found.representation && found.representation.encoding !== "identity") {
            expect(accepts).toContain(found.representation.encoding);
          }
        };
        for (const op of operations) {
          if (op.do === "put") {
            const body = makeBody(op.seed, op.size, op.isText);
            const before = await cache.list(op.namespace, { prefix: op.key, limit: 100, from: 0 });
            const was = before.items.find((item) => item.key === op.key);
            try {
              await cache.put({
                namespace: op.namespace,
                key: op.key,
                body: op.isEncoded ? gzipSync(body) : body,
                encoding: op.isEncoded ? "gzip" : "identity",
                mediaType: "text/plain",
                tags: [op.tag, op.tag],
                meta: op.meta,
                staleMs: op.staleMs,
                ...(op.maxAgeMs === undefined ? {} : { maxAgeMs: op.maxAgeMs }),
              });
              const freshUntilMs = clock.monotonicMs() + (op.maxAgeMs ?? TTL_MS);
              const latestMs = freshUntilMs + op.staleMs;
              if (latestMs === clock.monotonicMs()) model.delete(`${op.namespace} ${op.key}`);
              else {
                model.set(`${op.namespace} ${op.key}`, {
                  body,
                  tag: op.tag,
                  meta: op.meta,
                  freshUntilMs,
                  mayBeStale: op.staleMs > 0,
                  latestMs,
                });
                const found = await cache.lookup({ namespace: op.namespace, key: op.key, accepts: [] });
                expect(found.outcome).toBe("hit");
              }
            } catch (error) {
              if (!(error instanceof AppError)) throw error;
              expect(["item-too-large", "memory-pressure"]).toContain(error.code);
              if (error.code === "memory-pressure") expect(account.throttled).toBe(true);
              else {
                const after = await cache.list(op.namespace, { prefix: op.key, limit: 100, from: 0 });
                expect(after.items.find((item) => item.key === op.key)).toEqual(was);
              }
            }
          } else if (op.do === "get") await look(op.namespace, op.key, op.accepts, op.fills);
          else if (op.do === "delete") {
            await cache.delete(op.namespace, op.key);
            model.delete(`${op.namespace} ${op.key}`);
          } else if (op.do === "purge") {
            const { tag, prefix, soft } = op;
            const which = { tags: tag ? [tag, "none"] : undefined, prefix };
            const { count } = await cache.measure(op.namespace, which);
            expect(await (soft ? cache.markStale(op.namespace, which) : cache.purge(op.namespace, which))).toBe(count);
            for (const [name, entry] of model) {
              if (!name.startsWith(`${op.namespace} ${prefix ?? ""}`) || (tag && entry.tag !== tag)) continue;
              if (!soft) model.delete(name);
              entry.freshUntilMs = Math.min(entry.freshUntilMs, clock.monotonicMs());
              entry.mayBeStale = true;
            }
          } else if (op.do === "advance") clock.advance(op.byMs);
          else if (op.do === "settle") await cache.settle();
          else if (op.do === "sweep") await cache.sweep(yielder);
          else if (op.do === "throttle") account.throttled = op.throttled;
          else if (op.do === "relieve") {
            const before = cache.bytes;
            const freed = await cache.relief[op.step]?.run(op.target, yielder);
            expect(freed?.freedBytes).toBe(Math.max(0, before - cache.bytes));
          } else if (!account.throttled) {
            cache.resize({ maxItems: op.maxItems, maxBytes: op.maxBytes });
            ({ maxItems, maxBytes } = op);
          }
          const { items, bytes } = cache.stats();
          expect(items).toBeLessThanOrEqual(maxItems);
          expect(bytes).toBeLessThanOrEqual(maxBytes);
          expect(account.grantedBytes).toBe(bytes);
        }
        for (const name of model.keys()) await look(...(name.split(" ") as [string, string]), []);
        cache.close();
        expect(account.grantedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
