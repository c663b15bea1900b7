import { KeyvHeadroom } from "@headroom/adapters/keyv";
import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import { createCache } from "cache-manager";
import Keyv from "keyv";
import * as vitest from "vitest";
import { counted, headroom } from "./server.ts";

const { describe, expect, it } = vitest;
const server = headroom({ HEADROOM_CACHE_MAX_ENTRIES: "10000" });
const store = () => new KeyvHeadroom({ client: server.client });

describe("Keyv's own suite", () => {
  keyvTestSuite(vitest, Keyv, store);
  keyvIteratorTests(vitest, Keyv, store);
});

describe("beside Keyv's suite", () => {
  it("many values are set, asked for, read and deleted in one round trip each", async () => {
    const { client, calls } = counted(server);
    const keyv = new Keyv({ store: new KeyvHeadroom({ client }), namespace: "many" });
    const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
    await keyv.setMany(keys.map((key, n) => ({ key, value: { n } })));
    expect(await keyv.hasMany([...keys.slice(0, 99), "absent"])).toEqual([...new Array(99).fill(true), false]);
    expect(await keyv.getMany(keys)).toEqual(keys.map((_, n) => ({ n })));
    expect(await keyv.deleteMany(keys)).toBe(true);
    expect(await keyv.deleteMany(keys)).toBe(false);
    expect(calls()).toBe(5);
  });

  it("more than one request takes is sent in several, and comes back in order", async () => {
    const keyv = new Keyv({ store: store(), namespace: "more" });
    const items = Array.from({ length: 230 }, (_, n) => ({ key: `k${n}`, value: `${n}`.repeat(5_000) }));
    await keyv.setMany(items);
    expect(await keyv.getMany(items.map(({ key }) => key))).toEqual(items.map(({ value }) => value));
  });

  it("clear of one namespace, and of a store without one, leaves what others keep in the cache", async () => {
    await server.client.cache.set("not Keyv's", "stays");
    const [one, two] = ["one", "two"].map((namespace) => new Keyv({ store: store(), namespace })) as [Keyv, Keyv];
    await Promise.all([one.set("k", 1), two.set("k", 2)]);
    await one.clear();
    expect([await one.get("k"), await two.get("k")]).toEqual([undefined, 2]);
    await store().clear();
    expect(await two.get("k")).toBeUndefined();
    expect((await server.client.cache.get("not Keyv's"))?.text()).toBe("stays");
  });

  it("a value without Keyv's serialization comes back as it is: text as text, the rest as JSON", async () => {
    const plain = store();
    await plain.set("text", '{"not": "parsed"}');
    await plain.set("json", { n: [1, null] }, 60_000);
    expect(await plain.getMany(["text", "json", "absent"])).toEqual(['{"not": "parsed"}', { n: [1, null] }, undefined]);
    expect([await plain.has("text"), await plain.has("absent")]).toEqual([true, false]);
  });

  it("a miss takes one round trip, and an error of the server is Keyv's error event", async () => {
    const { client, calls } = counted(server);
    const keyv = new Keyv({ store: new KeyvHeadroom({ client }), namespace: "miss" });
    expect(await keyv.get("absent")).toBeUndefined();
    expect(calls()).toBe(1);
    const errors: unknown[] = [];
    keyv.on("error", (error: unknown) => errors.push(error));
    await keyv.set("k".repeat(2_000), 1);
    expect(errors).toMatchObject([{ code: "validation-failed" }]);
  });
});

describe("cache-manager", () => {
  const cacheOf = (namespace: string) => createCache({ stores: [new Keyv({ store: store(), namespace })] });

  it("wrap computes once, for all who ask at the same time and for those who come later", async () => {
    const cache = cacheOf("wrap");
    let computed = 0;
    const compute = async () => ({ n: ++computed });
    expect(await Promise.all([cache.wrap("k", compute), cache.wrap("k", compute)])).toEqual([{ n: 1 }, { n: 1 }]);
    expect(await cacheOf("wrap").wrap("k", compute)).toEqual({ n: 1 });
  });

  it("mset, mget and mdel hold all of a hundred", async () => {
    const cache = cacheOf("m");
    const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
    await cache.mset(keys.map((key, value) => ({ key, value })));
    expect(await cache.mget(keys)).toEqual(keys.map((_, n) => n));
    expect(await cache.mdel(keys)).toBe(true);
    expect(await cache.mget(keys)).toEqual(keys.map(() => undefined));
  });

  it("set, get, ttl, del and clear do what its documentation says", async () => {
    const cache = cacheOf("basic");
    expect(await cache.set("k", "v", 60_000)).toBe("v");
    expect(await cache.get("k")).toBe("v");
    expect(await cache.ttl("k")).toBeGreaterThan(Date.now());
    await cache.set("gone", "v", 1);
    await vitest.vi.waitUntil(async () => (await cache.get("gone")) === undefined, { timeout: 600_000 });
    expect(await cache.del("k")).toBe(true);
    expect(await cache.get("k")).toBeUndefined();
    await cache.set("k", "v");
    await cache.clear();
    expect(await cache.get("k")).toBeUndefined();
  });
});
