import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { RemoteEmbedder } from "./remote-embedder.ts";

const ingest = { lane: "ingest", namespace: "default" } as const;
const query = { lane: "query", namespace: "default" } as const;

interface Item {
  index?: number;
  embedding: number[];
}

describe("RemoteEmbedder", () => {
  let service: Server;
  let embedder: RemoteEmbedder;
  /** What the service makes of a correct answer. */
  let change: (items: Item[]) => unknown[];

  beforeEach(async () => {
    change = (items) => items;
    service = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { input }: { input: string[] } = JSON.parse(Buffer.concat(chunks).toString());
      const items = input.map((text, index) => ({ object: "embedding", index, embedding: [text.length, 1] }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: change(items), usage: { prompt_tokens: 1 } }));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    embedder = new RemoteEmbedder({
      baseUrl: `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1`,
      model: "m",
      apiKey: undefined,
      clock: new FakeClock(),
      queue: { maxTexts: 100, maxBytes: 100_000, textsPerBatch: 64 },
      concurrency: 1,
      timeoutMs: 20_000,
      attempts: 1,
      firstBackOffMs: 1,
    });
  });

  afterEach(async () => {
    await embedder.close();
    service.closeAllConnections();
    service.close();
  });

  const embed = () => embedder.embed(["a", "bb", "ccc"], ingest);
  const lengths = async () => (await embed()).map((vector) => vector[0]);

  it("gives up on a service that never answers, once, and tells all who wait behind it", async () => {
    let asked = 0;
    const silent = createServer(() => {
      asked += 1;
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const waiting = new RemoteEmbedder({
      baseUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`,
      model: "m",
      apiKey: undefined,
      clock: new FakeClock(),
      queue: { maxTexts: 100, maxBytes: 100_000, textsPerBatch: 1 },
      concurrency: 1,
      timeoutMs: 300,
      attempts: 3,
      firstBackOffMs: 1,
    });
    const ends = await Promise.allSettled(["a", "b", "c"].map((text) => waiting.embed([text], query)));
    expect(ends).toMatchObject(
      ends.map(() => ({ status: "rejected", reason: { code: "upstream-timeout", status: 504 } })),
    );
    // None where the time was over before the connection stood.
    expect(asked).toBeLessThanOrEqual(1);
    await waiting.close();
    silent.closeAllConnections();
    silent.close();
  });

  it("takes each vector where its index says, in whatever order the service answers", async () => {
    change = (items) => [...items].reverse();
    expect(await lengths()).toEqual([1, 2, 3]);
  });

  it("takes vectors in their order from a service that gives no index at all", async () => {
    change = (items) => items.map(({ embedding }) => ({ embedding }));
    expect(await lengths()).toEqual([1, 2, 3]);
  });

  it.each<[string, (items: Item[]) => unknown[], RegExp]>([
    ["a missing vector", (items) => items.filter(({ index }) => index !== 1), /no vector for text 1 of 3/],
    ["none at all", () => [], /no vector for text 0 of 3/],
    [
      "a doubled index",
      (items) => items.map((item) => ({ ...item, index: Math.min(item.index ?? 0, 1) })),
      /two vectors for text 1/,
    ],
    [
      "an index of no text",
      (items) => items.map((item) => ({ ...item, index: (item.index ?? 0) + 1 })),
      /for text 3; the texts are 0 to 2/,
    ],
    ["one item too many", (items) => [...items, { embedding: [1, 1] }], /item 3 without an index/],
    [
      "a shorter vector",
      (items) => items.map((item) => (item.index === 2 ? { ...item, embedding: [1] } : item)),
      /1 numbers for text 2/,
    ],
    [
      "a zero vector",
      (items) => items.map((item) => (item.index === 2 ? { ...item, embedding: [0, 0] } : item)),
      /a vector without direction for text 2 of 3/,
    ],
    ["text in place of numbers", (items) => items.map((item) => ({ ...item, embedding: ["1"] })), /without embeddings/],
  ])("fails the batch of an answer with %s, and says which text", async (_, wrong, message) => {
    change = wrong;
    await expect(embed()).rejects.toMatchObject({ code: "upstream-failed", message: expect.stringMatching(message) });
    change = (items) => items;
    expect(await lengths()).toEqual([1, 2, 3]);
  });
});
