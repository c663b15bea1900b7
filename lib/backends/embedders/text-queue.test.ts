import { describe, expect, it } from "vitest";
import { TextQueue } from "./text-queue.ts";

const ingest = { lane: "ingest", namespace: "default" } as const;
const query = { lane: "query", namespace: "default" } as const;

const settle = (queue: TextQueue) => {
  const batch = queue.take();
  batch?.settle({ vectors: batch.texts.map((text) => Float32Array.of(text.length)) });
  return batch?.texts;
};

describe("TextQueue", () => {
  it("refuses what would pass its bounds, whole, and takes it when there is room again", async () => {
    const queue = new TextQueue({ maxTexts: 3, maxBytes: 100, textsPerBatch: 2 });
    const first = queue.add(["a", "b"], ingest);
    expect(() => queue.add(["c", "d"], query)).toThrow(expect.objectContaining({ code: "overloaded" }));
    expect(() => queue.add(["x".repeat(60)], query)).toThrow(expect.objectContaining({ code: "overloaded" }));
    expect(queue.texts).toBe(2);
    settle(queue);
    await first;
    expect(queue.texts).toBe(0);
    expect(queue.bytes).toBe(0);
    void queue.add(["c", "d"], query);
    expect(queue.texts).toBe(2);
  });

  it("lets questions pass documents, and keeps the order of each call's vectors", async () => {
    const queue = new TextQueue({ maxTexts: 100, maxBytes: 10_000, textsPerBatch: 2 });
    const documents = queue.add(["a", "bb", "ccc"], ingest);
    const question = queue.add(["dddd"], query);
    expect([settle(queue), settle(queue), settle(queue), settle(queue)]).toEqual([
      ["dddd"],
      ["a", "bb"],
      ["ccc"],
      undefined,
    ]);
    expect((await documents).map(([value]) => value)).toEqual([1, 2, 3]);
    expect((await question)[0]?.[0]).toBe(4);
  });

  it("drops what its caller gave up waiting for", async () => {
    const queue = new TextQueue({ maxTexts: 10, maxBytes: 10_000, textsPerBatch: 1 });
    const controller = new AbortController();
    const gone = queue.add(["a", "b"], ingest, controller.signal);
    controller.abort(new Error("the client left"));
    await expect(gone).rejects.toThrow("the client left");
    expect(queue.texts).toBe(0);
    expect(queue.take()).toBeUndefined();
  });

  it("R5: takes a batch of each namespace in turn, and leaves room for those that come after the greediest", async () => {
    const queue = new TextQueue({ maxTexts: 90, maxBytes: 10_000, textsPerBatch: 1 });
    const add = (namespace: string) => queue.add([namespace], { lane: "ingest", namespace });
    for (let at = 0; at < 80; at++) void add("greedy");
    expect(() => add("greedy")).toThrow(expect.objectContaining({ code: "overloaded" }));
    for (const namespace of ["b", "c", "b"]) void add(namespace);
    expect(Array.from({ length: 6 }, () => settle(queue)?.[0])).toEqual(["greedy", "b", "c", "greedy", "b", "greedy"]);
  });

  it("tries a batch again before anyone else's", () => {
    const queue = new TextQueue({ maxTexts: 90, maxBytes: 10_000, textsPerBatch: 1 });
    for (const namespace of ["a", "b", "a"]) void queue.add([namespace], { lane: "ingest", namespace });
    const first = queue.take();
    if (first) queue.putBack(first);
    expect([settle(queue), settle(queue), settle(queue)]).toEqual([["a"], ["b"], ["a"]]);
    expect([queue.texts, queue.bytes]).toEqual([0, 0]);
  });
});
