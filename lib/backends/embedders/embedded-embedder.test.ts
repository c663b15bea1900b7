import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { EmbeddedEmbedder } from "./embedded-embedder.ts";

const ingest = { lane: "ingest", namespace: "default" } as const;
const query = { lane: "query", namespace: "default" } as const;

/** A helper that gives each text a vector of its length; it dies on "die", each time. */
const HELPER = `
process.on("disconnect", () => process.exit(0));
process.on("message", ({ id, texts }) => {
  if (texts.includes("die")) process.exit(1);
  process.send({ kind: "vectors", id, values: Float32Array.from(texts.flatMap((text) => [text.length, 1])) });
});
process.send({ kind: "ready", runtime: "native" });`;

const IDLE_MS = 60_000;

describe("EmbeddedEmbedder", () => {
  let directory: string;
  let clock: FakeClock;
  let account: TestAccount;
  let embedder: EmbeddedEmbedder;
  const running = new Set<number>();

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), "embedder-"));
    const entryPath = path.join(directory, "helper.mjs");
    writeFileSync(entryPath, HELPER);
    clock = new FakeClock();
    account = new TestAccount(2 ** 30, "embeddings");
    embedder = new EmbeddedEmbedder({
      program: { entryPath, args: [], execArgv: [] },
      clock,
      queue: { maxTexts: 100, maxBytes: 100_000, textsPerBatch: 4 },
      account,
      onStart(processId) {
        running.add(processId);
        return () => running.delete(processId);
      },
      idleMs: IDLE_MS,
      startTimeoutMs: 60_000,
      batchTimeoutMs: 60_000,
    });
  });

  afterEach(async () => {
    await embedder.close();
    expect([running.size, account.grantedBytes]).toEqual([0, 0]);
    rmSync(directory, { recursive: true, force: true });
  });

  it("replaces a helper that is stopped, and the batch that it was asked for is answered", async () => {
    await embedder.embed(["a"], query);
    const stopped = embedder.state().processId;
    if (stopped === null) throw new Error("no helper");
    process.kill(stopped, "SIGSTOP");
    const vectors = embedder.embed(["three"], query);
    await vi.waitFor(() => expect(embedder.state().queuedTexts).toBe(0), { timeout: 600_000 });
    await new Promise(setImmediate);
    clock.advance(60_000);
    expect([...((await vectors)[0] ?? [])]).toEqual([5, 1]);
    expect(embedder.state()).toMatchObject({ starts: 2, state: "ready" });
    expect(embedder.state().processId).not.toBe(stopped);
  });

  it("ends a helper that is stopped when it should rest, and starts the next", async () => {
    await embedder.embed(["a"], query);
    process.kill(embedder.state().processId ?? 0, "SIGSTOP");
    const rested = embedder.rest();
    clock.advance(5_000);
    expect(await rested).toBeGreaterThan(0);
    expect([...((await embedder.embed(["three"], query))[0] ?? [])]).toEqual([5, 1]);
  });

  it("starts with the first text, and counts what its process holds", async () => {
    expect([embedder.state().state, embedder.state().starts, account.grantedBytes]).toEqual(["stopped", 0, 0]);
    const [vector] = await embedder.embed(["three"], query);
    expect([...(vector ?? [])]).toEqual([5, 1]);
    expect(embedder.state()).toMatchObject({ state: "ready", starts: 1, runtime: "native" });
    expect([...running]).toEqual([embedder.state().processId]);
    expect(account.grantedBytes).toBe(embedder.restableBytes());
    expect(account.grantedBytes).toBeGreaterThan(0);
  });

  it("ends after its idle time and gives all of its memory back; the next text starts another", async () => {
    await embedder.embed(["a"], ingest);
    const { processId } = embedder.state();
    clock.advance(IDLE_MS - 1);
    expect(embedder.state()).toMatchObject({ state: "ready", processId });
    // Work puts the end off.
    await embedder.embed(["b"], ingest);
    clock.advance(IDLE_MS - 1);
    expect(embedder.state().state).toBe("ready");
    clock.advance(1);
    expect(embedder.state()).toMatchObject({ state: "stopped", processId: null, memoryBytes: 0 });
    await vi.waitFor(() => expect([account.grantedBytes, running.size]).toEqual([0, 0]), { timeout: 600_000 });
    await embedder.embed(["c"], query);
    expect(embedder.state()).toMatchObject({ state: "ready", starts: 2 });
  });

  it("tries a text that its process died on once more, refuses it then, and goes on with others", async () => {
    const [died, well] = await Promise.allSettled([embedder.embed(["die"], ingest), embedder.embed(["ok"], ingest)]);
    expect(died).toMatchObject({ status: "rejected", reason: { code: "upstream-failed" } });
    expect(well.status).toBe("fulfilled");
    expect(embedder.state()).toMatchObject({ state: "ready", starts: 3 });
    expect(running.size).toBe(1);
  });

  it("starts no process without memory for it", async () => {
    account.tryReserve(2 ** 30 - 1);
    await expect(embedder.embed(["a"], query)).rejects.toMatchObject({ code: "memory-pressure" });
    expect([embedder.state().starts, running.size]).toEqual([0, 0]);
    account.release(2 ** 30 - 1);
  });
});
