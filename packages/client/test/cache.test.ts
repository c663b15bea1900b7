import { expect, it, vi } from "vitest";
import { Headroom } from "../src/index.ts";
import { fakeFetch, problem, type Seen } from "./fake-fetch.ts";

const client = (fetch: typeof globalThis.fetch) => new Headroom({ url: "http://server", key: "k", fetch, retries: 0 });
const hit = (text: string, headers: Record<string, string> = {}) =>
  new Response(text, {
    headers: { etag: '"1"', age: "3", "content-type": "text/plain", "cache-tag": "a, b", ...headers },
  });
const lease = () => problem(404, "not-found", { "x-fill-lease": "t1" });
const stored = () => new Response(null, { status: 201 });

it("getOrCompute returns what is cached without computing", async () => {
  const { fetch } = fakeFetch(() => hit("cached", { "cache-meta": "m" }));
  const found = await client(fetch).cache.getOrCompute("k", () => "computed");
  expect([found.text(), found.tags, found.ageSeconds, found.meta]).toEqual(["cached", ["a", "b"], 3, "m"]);
});

it("getOrCompute computes under the lease of a miss, and stores the body with what was asked for it", async () => {
  const { fetch, seen } = fakeFetch(lease, stored);
  const found = await client(fetch).cache.getOrCompute("k", () => ({ n: 1 }), { maxAgeSeconds: 60, tags: ["x", "y"] });
  expect(found.json()).toEqual({ n: 1 });
  expect(seen[1]?.method).toBe("PUT");
  expect(Object.fromEntries(seen[1]?.headers ?? [])).toMatchObject({
    "cache-control": "max-age=60",
    "cache-tag": "x, y",
    "x-fill-lease": "t1",
    "content-type": "application/json",
  });
});

it("getOrCompute computes once for all callers of a process", async () => {
  const { fetch } = fakeFetch(lease, stored);
  const { cache } = client(fetch);
  let computed = 0;
  const all = await Promise.all(Array.from({ length: 20 }, () => cache.getOrCompute("k", () => `v${++computed}`)));
  expect(new Set(all.map((one) => one.text()))).toEqual(new Set(["v1"]));
});

it("getOrCompute returns the lease when computing fails, so that the next caller computes at once", async () => {
  const { fetch, seen } = fakeFetch(lease, () => new Response(null, { status: 204 }));
  await expect(
    client(fetch).cache.getOrCompute("k", () => {
      throw new Error("no answer");
    }),
  ).rejects.toThrow("no answer");
  expect([seen[1]?.method, seen[1]?.headers.get("x-fill-lease")]).toEqual(["DELETE", "t1"]);
});

it("getOrCompute computes while the server is away, and tells a wrong key all the same", async () => {
  const away = fakeFetch(() => Promise.reject(new TypeError("fetch failed")));
  expect((await client(away.fetch).cache.getOrCompute("k", () => "computed")).text()).toBe("computed");
  const refused = fakeFetch(() => problem(401, "unauthenticated"));
  await expect(client(refused.fetch).cache.getOrCompute("k", () => "computed")).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

it("getOrCompute waits for whoever computes elsewhere, and takes over when that one gives up", async () => {
  const pending = () => problem(404, "not-found", { "x-fill-pending": "1" });
  const { fetch, seen } = fakeFetch(pending, lease, stored);
  expect((await client(fetch).cache.getOrCompute("k", () => "mine")).text()).toBe("mine");
  expect(seen.map((one: Seen) => `${one.method} ${one.url.search}`)).toEqual([
    "GET ?wait=30000",
    "GET ?wait=30000",
    "PUT ",
  ]);
});

it("one caller's abort does not fail another who waits for the same key", async () => {
  const { fetch } = fakeFetch(lease, lease, lease, stored);
  const { cache } = client(fetch);
  const stop = new AbortController();
  const first = cache.getOrCompute(
    "k",
    (signal) =>
      new Promise<string>((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
    { signal: stop.signal },
  );
  const second = cache.getOrCompute("k", () => "mine");
  stop.abort();
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  expect((await second).text()).toBe("mine");
});

it("get asks for no lease, so that nobody waits for a caller who does not compute", async () => {
  const { fetch, seen } = fakeFetch(() => problem(404, "not-found"));
  expect(await client(fetch).cache.get("k")).toBeNull();
  expect(seen.map(({ method, url }) => `${method} ${url.search}`)).toEqual(["GET ?lease=0"]);
});

it("getOrCompute renews its lease while it computes, so that what takes longer than a lease is stored", async () => {
  vi.useFakeTimers();
  const { fetch, seen } = fakeFetch(
    lease,
    () => problem(404, "not-found", { "x-fill-lease": "t1" }),
    lease,
    lease,
    stored,
  );
  const computed = client(fetch).cache.getOrCompute(
    "k",
    () => new Promise<string>((resolve) => setTimeout(resolve, 11_000, "late")),
  );
  await vi.advanceTimersByTimeAsync(11_000);
  expect((await computed).text()).toBe("late");
  expect(seen.map(({ method, headers }) => `${method} ${headers.get("x-fill-lease")}`)).toEqual([
    "GET null",
    "GET t1",
    "GET t1",
    "GET t1",
    "PUT t1",
  ]);
  vi.useRealTimers();
});

it("getOrCompute says the same media type whoever computed", async () => {
  const { fetch } = fakeFetch(lease, stored);
  expect((await client(fetch).cache.getOrCompute("k", () => ({ n: 1 }))).mediaType).toBe("application/json");
});

it("a caller's own time limit does not fail another who waits for the same key", async () => {
  const { fetch } = fakeFetch(lease, lease, lease, stored);
  const { cache } = client(fetch);
  const stop = new AbortController();
  const first = cache.getOrCompute("k", () => "never", { signal: stop.signal });
  const second = cache.getOrCompute("k", () => "mine");
  stop.abort(new DOMException("too late", "TimeoutError"));
  await expect(first).rejects.toThrow("too late");
  expect((await second).text()).toBe("mine");
});
