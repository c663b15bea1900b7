import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ConflictError,
  ConnectionError,
  Headroom,
  PreconditionFailedError,
  QuotaError,
  RateLimitError,
  TimeoutError,
  TooLargeError,
  UnavailableError,
  ValidationError,
} from "../src/index.ts";
import { fakeFetch, json, problem } from "./fake-fetch.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const client = (fetch: typeof globalThis.fetch, more = {}) =>
  new Headroom({ url: "http://server/under/", key: "k", fetch, ...more });

/** Settles `promise` with all timers run that it waits for. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await vi.runAllTimersAsync();
  return await promise;
}

describe("a request", () => {
  it("carries the key and the namespace, keeps the path of the server, and encodes ids", async () => {
    const { fetch, seen } = fakeFetch(() => json({ id: "a/b" }));
    await client(fetch, { namespace: "team" }).sessions.get("a/b ü", { peek: true });
    expect(seen[0]?.url.href).toBe("http://server/under/api/v1/sessions/a%2Fb%20%C3%BC?peek=1");
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toMatchObject({
      authorization: "Bearer k",
      "x-namespace": "team",
    });
  });

  it("of something that is not there is null, and removing it is false", async () => {
    const { fetch } = fakeFetch(() => problem(404, "not-found"));
    const { sessions } = client(fetch);
    expect([await sessions.get("x"), await sessions.delete("x")]).toEqual([null, false]);
  });
});

describe("a refusal", () => {
  it.each([
    [400, "validation-failed", ValidationError],
    [409, "conflict", ConflictError],
    [412, "version-mismatch", PreconditionFailedError],
    [413, "item-too-large", TooLargeError],
    [422, "number-not-exact", ValidationError],
    [429, "too-many-requests", RateLimitError],
    [503, "storage-unavailable", UnavailableError],
    [507, "storage-full", QuotaError],
  ])("of %i is an error of its own class, with code, fields and request id", async (status, code, kind) => {
    const errors = [{ path: "/data", message: "is required" }];
    const { fetch } = fakeFetch(() => problem(status, code, {}, { errors }));
    const failure = await settled(client(fetch, { retries: 0 }).sessions.create({ data: 1 })).catch((error) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ status, code, errors, requestId: "r1", message: `it is ${code}` });
  });

  it("by a proxy that says nothing is told by its status", async () => {
    const { fetch } = fakeFetch(() => new Response("<html>", { status: 502 }));
    const failure = await settled(client(fetch).sessions.get("x")).catch((error) => error);
    expect(failure).toMatchObject({ name: "UnavailableError", code: "http-502", status: 502 });
  });
});

describe("repeating", () => {
  it("waits as long as Retry-After says", async () => {
    const { fetch, seen } = fakeFetch(
      () => problem(503, "memory-pressure", { "retry-after": "7" }),
      () => json({ id: "s" }),
    );
    const made = client(fetch).sessions.patch("s", { data: {} });
    await vi.advanceTimersByTimeAsync(6_999);
    expect(seen.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await made).toEqual({ id: "s" });
  });

  it("is left to the caller when Retry-After is longer than may be waited", async () => {
    const { fetch, seen } = fakeFetch(() => problem(429, "too-many-requests", { "retry-after": "3600" }));
    await expect(settled(client(fetch).sessions.get("s"))).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect(seen.length).toBe(1);
  });

  it("ends after as many tries as allowed, with the last error", async () => {
    const { fetch, seen } = fakeFetch(() => problem(503, "not-ready"));
    await expect(settled(client(fetch, { retries: 3 }).sessions.get("s"))).rejects.toThrow("it is not-ready");
    expect(seen.length).toBe(4);
  });

  it("of a change whose end nobody knows is not done: the connection of a PATCH broke", async () => {
    const { fetch, seen } = fakeFetch(() => Promise.reject(new TypeError("fetch failed")));
    await expect(settled(client(fetch).sessions.patch("s", { data: {} }))).rejects.toBeInstanceOf(ConnectionError);
    expect(seen.length).toBe(1);
  });

  it("of what is made sends the same idempotency key, so that it is made once", async () => {
    const { fetch, seen } = fakeFetch(
      () => Promise.reject(new TypeError("fetch failed")),
      () => json({ id: "s" }, 201),
    );
    await settled(client(fetch).sessions.create({ data: 1 }));
    const keys = seen.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys[0]).toMatch(/^[\w-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it("waits for an earlier try that is still running, and gives its answer", async () => {
    const { fetch, seen } = fakeFetch(
      () => Promise.reject(new TypeError("fetch failed")),
      () => problem(409, "idempotency-key-in-use", { "retry-after": "1" }),
      () => json({ id: "m" }, 201, { "idempotency-replayed": "true" }),
    );
    const made = settled(client(fetch).conversations.append("c", { role: "user", content: "x" }));
    expect([await made, seen.length]).toEqual([{ id: "m" }, 3]);
    expect(new Set(seen.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  });

  it("of another conflict is not done", async () => {
    const { fetch, seen } = fakeFetch(() => problem(409, "conflict"));
    const made = client(fetch).conversations.append("c", { role: "user", content: "x" });
    await expect(settled(made)).rejects.toBeInstanceOf(ConflictError);
    expect(seen.length).toBe(1);
  });

  it("says that it was done when the answer is too large to come again, and tries no more", async () => {
    const replayed = () => new Response(null, { status: 201, headers: { "idempotency-replayed": "true" } });
    const { fetch, seen } = fakeFetch(() => Promise.reject(new TypeError("fetch failed")), replayed);
    const made = client(fetch).conversations.append("c", { role: "user", content: "x" });
    await expect(settled(made)).rejects.toMatchObject({ code: "answer-not-kept", status: 201 });
    expect(seen.length).toBe(2);
  });

  it("of a refusal that stays is not done", async () => {
    const { fetch, seen } = fakeFetch(() => problem(400, "validation-failed"));
    await expect(settled(client(fetch).sessions.get("s"))).rejects.toBeInstanceOf(ValidationError);
    expect(seen.length).toBe(1);
  });
});

describe("ending early", () => {
  const never = (_seen: unknown, signal: AbortSignal) =>
    new Promise<Response>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });

  it("gives up after the time limit", async () => {
    const { fetch } = fakeFetch(never);
    await expect(settled(client(fetch, { timeoutMs: 50, retries: 0 }).sessions.get("s"))).rejects.toBeInstanceOf(
      TimeoutError,
    );
  });

  it("throws what the caller's signal was aborted with, and tries no more", async () => {
    const { fetch, seen } = fakeFetch(never);
    const stop = new AbortController();
    const asked = client(fetch).sessions.get("s", { signal: stop.signal });
    asked.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1);
    stop.abort(new Error("closed"));
    await expect(settled(asked)).rejects.toThrow("closed");
    expect(seen.length).toBe(1);
  });

  it("while waiting to repeat throws at once", async () => {
    const { fetch, seen } = fakeFetch(() => problem(503, "overloaded", { "retry-after": "20" }));
    const stop = new AbortController();
    const asked = client(fetch).sessions.get("s", { signal: stop.signal });
    asked.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5);
    stop.abort(new Error("closed"));
    await expect(asked).rejects.toThrow("closed");
    expect(seen.length).toBe(1);
  });
});

describe("a list", () => {
  it("is walked page by page, and a page can be read alone", async () => {
    const pages: Record<string, unknown> = {
      "": { items: [{ id: "a" }, { id: "b" }], nextCursor: "c1" },
      c1: { items: [], nextCursor: "c2" },
      c2: { items: [{ id: "c" }], nextCursor: null },
    };
    const { fetch, seen } = fakeFetch(({ url }) => json(pages[url.searchParams.get("cursor") ?? ""]));
    const list = client(fetch).sessions.list({ prefix: "user:1", limit: 2 });
    const ids: string[] = [];
    for await (const { id } of list) ids.push(id);
    expect(ids).toEqual(["a", "b", "c"]);
    expect(seen[0]?.url.search).toBe("?prefix=user%3A1&limit=2");
    expect((await list.page("c2")).items).toEqual([{ id: "c" }]);
    await expect(list.all(2)).rejects.toBeInstanceOf(RangeError);
  });
});
