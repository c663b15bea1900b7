import { beforeEach, describe, expect, it } from "vitest";
import type { Embedder, EmbedderState } from "../../ports/embedder.ts";
import { EmbeddingRowsInMemory } from "../../testing/embedding-rows-in-memory.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { EmbeddingCache } from "./embedding-cache.ts";

const ingest = { lane: "ingest", namespace: "default" } as const;
const query = { lane: "query", namespace: "default" } as const;

class CountingEmbedder implements Embedder {
  readonly seen: string[] = [];
  model = "one";
  fails = false;
  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    if (this.fails) throw new Error("down");
    this.seen.push(...texts);
    return texts.map((text) => Float32Array.of(text.length, 1, text.charCodeAt(0)));
  }
  state(): EmbedderState {
    return { model: { id: this.model, dimensions: 3 } } as EmbedderState;
  }
  restableBytes = () => 0;
  rest = async () => 0;
  close = async () => undefined;
}

describe("EmbeddingCache", () => {
  let embedder: CountingEmbedder;
  let rows: EmbeddingRowsInMemory;
  let account: TestAccount;
  let clock: FakeClock;
  const make = (bounds = { maxItems: 100, maxBytes: 1_000_000, maxRows: 1_000 }) =>
    new EmbeddingCache(embedder, rows, account, clock, bounds);
  beforeEach(() => {
    embedder = new CountingEmbedder();
    rows = new EmbeddingRowsInMemory();
    account = new TestAccount(Number.MAX_SAFE_INTEGER, "rag");
    clock = new FakeClock();
  });

  it("counts calls to the model, their time and those that failed, but no asker who went away", async () => {
    const cache = make();
    const answer = embedder.embed.bind(embedder);
    embedder.embed = async (texts) => {
      clock.advance(1_500);
      return answer(texts);
    };
    await cache.embed(["a", "b"], ingest);
    await cache.embed(["a"], query);
    expect(cache.calls).toEqual({ requests: 1, errors: 0, seconds: 1.5 });
    embedder.fails = true;
    await expect(cache.embed(["c"], query)).rejects.toThrow("down");
    await expect(cache.embed(["d"], query, AbortSignal.abort())).rejects.toThrow();
    expect(cache.calls).toEqual({ requests: 3, errors: 1, seconds: 4.5 });
  });

  it("fails nobody else when the client that asked first for a text goes away", async () => {
    const abort = new AbortController();
    embedder.embed = async (texts: readonly string[], _lane?: unknown, signal?: AbortSignal) => {
      if (signal) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      embedder.seen.push(...texts);
      return texts.map((text) => Float32Array.of(text.length, 1, 0));
    };
    const cache = make();
    const first = cache.embed(["shared", "own"], ingest, abort.signal);
    await new Promise(setImmediate);
    const second = cache.embed(["shared", "other"], ingest);
    await new Promise(setImmediate);
    abort.abort(new Error("client gone"));
    await expect(first).rejects.toThrow("client gone");
    expect((await second).codes.map(({ length }) => length > 0)).toEqual([true, true]);
    expect(embedder.seen.sort()).toEqual(["other", "shared"]);
  });

  it("never embeds a text twice: not within a call, not at the same time, not after a restart", async () => {
    const cache = make();
    const [first, second] = await Promise.all([
      cache.embed(["a", "bb", "a"], ingest),
      cache.embed(["bb", "ccc"], ingest),
    ]);
    expect([first.embedded, second.embedded]).toEqual([2, 1]);
    expect(first.codes[0]).toEqual(first.codes[2]);
    const restarted = make();
    expect((await restarted.embed(["ccc", "a"], query)).embedded).toBe(0);
    expect(embedder.seen.sort()).toEqual(["a", "bb", "ccc"]);
  });

  it("lets no load of documents push a question out of memory", async () => {
    const cache = make({ maxItems: 5, maxBytes: 3_000, maxRows: 1_000 });
    await cache.embed(["a question"], query);
    await cache.embed(
      Array.from({ length: 50 }, (_, at) => `passage ${at}`),
      ingest,
    );
    rows.rows.clear();
    expect((await cache.embed(["a question"], query)).embedded).toBe(0);
  });

  it("remembers a new question in place of its oldest while the ledger grants nothing", async () => {
    const cache = make();
    await cache.embed(["first"], query);
    await cache.embed(["second"], query);
    account.throttled = true;
    await cache.embed(["third"], query);
    rows.rows.clear();
    expect((await cache.embed(["second", "third"], query)).embedded).toBe(0);
    expect(account.grantedBytes).toBe(cache.bytes);
    expect((await cache.embed(["first"], query)).embedded).toBe(1);
  });

  it("embeds again for another model, and after a failure", async () => {
    const cache = make();
    await cache.embed(["a"], ingest);
    embedder.model = "two";
    embedder.fails = true;
    await expect(Promise.all([cache.embed(["a"], ingest), cache.embed(["a"], ingest)])).rejects.toThrow("down");
    embedder.fails = false;
    expect((await cache.embed(["a"], ingest)).embedded).toBe(1);
  });

  it("holds its bounds in memory and on disk, and what was used lately stays", async () => {
    const cache = make({ maxItems: 5, maxBytes: 3_000, maxRows: 20 });
    for (let at = 0; at < 60; at++) {
      await cache.embed([`text ${at}`, "kept"], query);
      clock.advance(86_400_000);
      expect(cache.items).toBeLessThanOrEqual(5);
      expect(cache.bytes).toBeLessThanOrEqual(3_000);
      expect(account.grantedBytes).toBe(cache.bytes);
      expect(rows.rows.size).toBeLessThanOrEqual(20);
    }
    const before = embedder.seen.length;
    await cache.embed(["text 59"], query);
    expect(embedder.seen.length).toBe(before);
    expect(embedder.seen.filter((text) => text === "kept").length).toBeLessThanOrEqual(4);
  });
});
