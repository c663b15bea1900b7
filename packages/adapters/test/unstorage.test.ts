import headroomDriver, { type HeadroomDriverOptions } from "@headroom/adapters/unstorage";
import { createStorage, prefixStorage } from "unstorage";
import { counted, headroom } from "./server.ts";

const server = headroom({ HEADROOM_SESSION_DURABILITY: "always", HEADROOM_MAX_SESSIONS: "50" });
let names = 0;

function storageOf(options: Partial<HeadroomDriverOptions> = {}) {
  const { client, calls } = counted(server);
  const driver = headroomDriver({ client, base: `test${names++}`, ...options });
  return { storage: createStorage({ driver }), driver, calls };
}

describe("the contract of unstorage's documentation", () => {
  it("hasItem, getItem, setItem and removeItem: text, numbers, objects, null and the empty text", async () => {
    const { storage } = storageOf();
    expect([await storage.hasItem("k"), await storage.getItem("k")]).toEqual([false, null]);
    for (const value of ["text", "", 12.5, true, null, { a: [1, "ü"] }, "ünïcode 🙂"]) {
      await storage.setItem("k", value);
      expect([await storage.hasItem("k"), await storage.getItem("k")]).toEqual([true, value]);
    }
    await storage.removeItem("k");
    expect([await storage.hasItem("k"), await storage.getItem("k")]).toEqual([false, null]);
    await storage.removeItem("k");
  });

  it("a key may be set again as soon as it was removed, and setItem of undefined removes it", async () => {
    const { storage } = storageOf();
    for (const value of ["one", "two", "three"]) {
      await storage.setItem("k", value);
      expect(await storage.getItem("k")).toBe(value);
      await storage.setItem("k", undefined as never);
      expect(await storage.getItem("k")).toBeNull();
    }
  });

  it("getItemRaw gives back each byte that setItemRaw was given, from a view, a Buffer or an ArrayBuffer", async () => {
    const { storage } = storageOf();
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    for (const value of [all.subarray(3, 200), Buffer.from(all), all.buffer]) {
      await storage.setItemRaw("raw.bin", value);
      const raw = await storage.getItemRaw<Uint8Array>("raw.bin");
      expect(Buffer.from(raw ?? []).equals(Buffer.from(value as Uint8Array))).toBe(true);
    }
    await storage.setItemRaw("text", "as it is");
    await storage.setItemRaw("json", { a: 1 });
    expect([await storage.getItemRaw("text"), await storage.getItemRaw("json")]).toEqual(["as it is", { a: 1 }]);
    expect(await storage.getItemRaw("absent")).toBeNull();
  });

  it("setItems and getItems take many, and tell what is not there as null", async () => {
    const { storage, calls } = storageOf();
    const keys = Array.from({ length: 120 }, (_, n) => `many:k${n}`);
    await storage.setItems(keys.map((key, value) => ({ key, value: { value } })));
    const before = calls();
    const found = await storage.getItems([...keys, "absent"]);
    expect(calls() - before).toBe(2);
    expect(found).toEqual([...keys.map((key, value) => ({ key, value: { value } })), { key: "absent", value: null }]);
  });

  it("getItems takes more than one answer of the server may hold", async () => {
    const { storage } = storageOf();
    const keys = Array.from({ length: 9 }, (_, n) => `large:k${n}`);
    const text = "x".repeat(1_000_000);
    for (const key of keys) await storage.setItem(key, key + text);
    const found = await storage.getItems([...keys, "absent"]);
    const expected = [...keys.map((key) => ({ key, value: key + text })), { key: "absent", value: null }];
    expect(JSON.stringify(found) === JSON.stringify(expected)).toBe(true);
  });

  it("getKeys lists by base, with meta left out, and clear removes by base and no more", async () => {
    const { storage, driver } = storageOf();
    const other = storageOf();
    await other.storage.setItem("a:1", 1);
    for (const key of ["a:1", "a:2", "ab:3", "b"]) await storage.setItem(key, key);
    await storage.setMeta("a:1", { custom: "yes" });
    expect((await storage.getKeys()).sort()).toEqual(["a:1", "a:2", "ab:3", "b"]);
    expect((await storage.getKeys("a")).sort()).toEqual(["a:1", "a:2"]);
    // By its documentation storage.clear(base) clears only mounts below the base; a driver takes any.
    await driver.clear?.("a:", {});
    expect((await storage.getKeys()).sort()).toEqual(["ab:3", "b"]);
    await storage.clear();
    expect([await storage.getKeys(), await other.storage.getKeys()]).toEqual([[], ["a:1"]]);
  });

  it("getMeta tells times and size, and what setMeta added; removeMeta removes that", async () => {
    const { storage } = storageOf();
    const before = Date.now();
    await storage.setItem("k", "v");
    await storage.setMeta("k", { custom: "yes" });
    const meta = await storage.getMeta("k");
    expect(meta).toMatchObject({
      custom: "yes",
      mtime: expect.any(Date),
      atime: expect.any(Date),
      size: expect.any(Number),
    });
    expect(meta.mtime?.getTime()).toBeGreaterThanOrEqual(before);
    await storage.removeMeta("k");
    expect((await storage.getMeta("k")).custom).toBeUndefined();
    expect({ ...(await storage.getMeta("absent")) }).toEqual({});
  });

  it("an item with a ttl ends after it; set again without one it does not", async () => {
    const { storage } = storageOf();
    await storage.setItem("k", "v", { ttl: 100 });
    expect((await storage.getMeta("k")).ttl).toBeGreaterThan(95);
    await storage.setItem("k", "v");
    expect((await storage.getMeta("k")).ttl).toBeUndefined();
    await storage.setItem("soon", "v", { ttl: 1 });
    await vi.waitUntil(async () => !(await storage.hasItem("soon")), { timeout: 600_000 });
    const all = storageOf({ ttl: 50 });
    await all.storage.setItem("k", "v");
    expect((await all.storage.getMeta("k")).ttl).toBeGreaterThan(45);
  });

  it("mounts and prefixes work, and a mount's keys carry its base", async () => {
    const { driver } = storageOf();
    const storage = createStorage();
    storage.mount("data", driver);
    await prefixStorage(storage, "data:users").setItem("ada", { n: 1 });
    expect(await storage.getItem("data:users:ada")).toEqual({ n: 1 });
    expect(await storage.getKeys("data")).toEqual(["data:users:ada"]);
    await storage.dispose();
  });

  it("a key or a value that is too long is refused, and nothing is stored", async () => {
    const { storage } = storageOf();
    await expect(storage.setItem("k".repeat(240), 1)).rejects.toThrow("takes up to 234");
    await expect(storage.setItem("k", "v".repeat(2 ** 21))).rejects.toMatchObject({ status: 413 });
    expect(await storage.getKeys()).toEqual([]);
  });

  it("there is no watch: a storage hears of its own changes", async () => {
    const { storage, driver } = storageOf();
    expect(driver.watch).toBeUndefined();
    const events: string[] = [];
    const stop = await storage.watch((event, key) => events.push(`${event} ${key}`));
    await storage.setItem("k", 1);
    await storage.removeItem("k");
    await stop();
    expect(events).toEqual(["update k", "remove k"]);
  });
});

it("is storage: more than memory holds stays, and outlives kill -9 of the server", async () => {
  const base = `durable${names++}`;
  const { storage } = storageOf({ base });
  // Memory holds 50 sessions here.
  const keys = Array.from({ length: 130 }, (_, n) => `k${n}`);
  await storage.setItems(keys.map((key) => ({ key, value: key })));
  await storage.removeItem("k0");
  await server.restart("SIGKILL");
  const after = storageOf({ base }).storage;
  expect((await after.getKeys()).sort()).toEqual(keys.slice(1).sort());
  expect((await after.getItems(keys)).map(({ value }) => value)).toEqual([null, ...keys.slice(1)]);
});

it("reading takes one round trip, and so does setting what is there", async () => {
  const { storage, calls } = storageOf();
  await storage.setItem("k", 1);
  const before = calls();
  await storage.getItem("k");
  await storage.setItem("k", 2);
  expect(calls() - before).toBe(2);
});
