import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { installWithout } from "../support/install-without.ts";
import { TestServer } from "../support/server.ts";

const json = async <T>(response: Response) => (await response.json()) as T;
const path = (id: string) => `/api/v1/rag/documents/${id}`;

/** A loopback OpenAI-compatible service: 8 dimensions from a text's letters; it can be told to fail, to hang or to count. */
class EmbeddingService {
  readonly texts: string[] = [];
  status = 200;
  hangs = false;
  failures = 0;
  requests = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.requests++;
      let body = "";
      for await (const chunk of request) body += chunk;
      if (this.hangs) return;
      const failing = this.failures > 0;
      if (failing) this.failures--;
      response.writeHead(failing ? 503 : this.status, { "content-type": "application/json" });
      const input: string[] = JSON.parse(body).input;
      if (!failing && this.status === 200) this.texts.push(...input);
      const data = input.map((text, index) => ({ object: "embedding", index, embedding: vectorOf(text) }));
      response.end(
        JSON.stringify({ object: "list", data, model: "tiny", usage: { prompt_tokens: 1, total_tokens: 1 } }),
      );
    });
  }

  static async start(): Promise<EmbeddingService> {
    const service = new EmbeddingService();
    await new Promise<void>((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function vectorOf(text: string): number[] {
  const vector = new Array(8).fill(0.01);
  for (const letter of text.toLowerCase()) vector[letter.charCodeAt(0) % 8] += 1;
  return vector;
}

const remote = (service: EmbeddingService) => ({
  HEADROOM_EMBEDDINGS_URL: service.url,
  HEADROOM_EMBEDDINGS_MODEL: "tiny",
  HEADROOM_LOG_LEVEL: "silent",
});

test("a service in place of the embedded model: the same API, tried again after a fault, a clear 502 when it is down", async () => {
  const service = await EmbeddingService.start();
  const server = await TestServer.start({ env: remote(service) });
  try {
    service.failures = 2;
    expect((await server.send("PUT", path("a"), { text: "zzz zzz", source: "s" })).status).toBe(201);
    expect(service.requests).toBe(3);
    await server.send("PUT", path("b"), { text: "aaa aaa", source: "s" });
    const { matches } = await json<{ matches: { documentId: string }[] }>(
      await server.send("POST", "/api/v1/rag/query", { query: "zz", mode: "vector" }),
    );
    expect(matches[0]?.documentId).toBe("a");
    expect(await json(await server.get("/api/v1/rag/status"))).toMatchObject({
      embedder: { kind: "remote", model: "tiny", dimensions: 8, memoryBytes: 0 },
    });
    service.status = 400;
    const refused = await server.send("PUT", path("c"), { text: "new text", source: "s" });
    expect([refused.status, (await json<{ code: string }>(refused)).code]).toEqual([502, "upstream-failed"]);
    await service.stop();
    const down = await server.send("PUT", path("c"), { text: "new text", source: "s" });
    expect([down.status, (await json<{ code: string }>(down)).code]).toEqual([502, "upstream-failed"]);
    expect((await server.get(path("c"))).status).toBe(404);
    // What was embedded is known; what needs no vector still works.
    expect((await server.send("PUT", path("a2"), { text: "zzz zzz", source: "s" })).status).toBe(201);
    expect((await server.send("POST", "/api/v1/rag/query", { query: "aaa", mode: "keyword" })).status).toBe(200);
  } finally {
    await server.remove();
    await service.stop().catch(() => undefined);
  }
});

test("the queue to the service is bounded: what passes it is 503, and the server lives on", async () => {
  const service = await EmbeddingService.start();
  const server = await TestServer.start({ env: remote(service) });
  try {
    service.hangs = true;
    const text = (id: number) =>
      Array.from({ length: 60 }, (_, at) => `Text ${id} ${at} ${"word ".repeat(20)}`).join("\n\n");
    const gone = new AbortController();
    const calls = Array.from({ length: 200 }, (_, id) =>
      fetch(`${server.url}${path(`d${id}`)}`, {
        method: "PUT",
        signal: gone.signal,
        headers: { authorization: "Bearer operator-key-for-tests-0123456789", "content-type": "application/json" },
        body: JSON.stringify({ text: text(id), source: "s", chunking: { size: 110, overlap: 0 } }),
      }).then(
        (response) => response.status,
        () => 0,
      ),
    );
    const first = await Promise.race(calls);
    expect(first).toBe(503);
    expect(await json(await server.get("/api/v1/rag/status"))).toMatchObject({ embedder: { maxQueuedTexts: 8_192 } });
    expect((await server.get("/livez")).status).toBe(200);
    gone.abort();
    await Promise.all(calls);
  } finally {
    await service.stop();
    await server.remove();
  }
});

test("another model's vectors are refused clearly, and embedding again is a job with progress", async () => {
  const service = await EmbeddingService.start();
  const first = await TestServer.start({ env: remote(service) });
  let server = first;
  try {
    for (const id of ["a", "b", "c"]) await first.send("PUT", path(id), { text: `document ${id}`, source: "s" });
    await first.stop();
    server = await TestServer.start({
      env: { ...remote(service), HEADROOM_EMBEDDINGS_MODEL: "other" },
      dir: first.dir,
    });
    const refused = await server.send("POST", "/api/v1/rag/query", { query: "document" });
    const problem = await json<{ code: string; detail: string }>(refused);
    expect([refused.status, problem.code]).toEqual([409, "conflict"]);
    expect(problem.detail).toContain("tiny");
    expect((await server.send("POST", "/api/v1/rag/query", { query: "document", mode: "keyword" })).status).toBe(200);
    expect((await server.send("POST", "/api/v1/rag/reembed")).status).toBe(202);
    await expect
      .poll(async () => (await json<{ state: string }>(await server.get("/api/v1/rag/reembed"))).state)
      .toBe("completed");
    expect(await json(await server.get("/api/v1/rag/reembed"))).toMatchObject({ total: 3, done: 3, model: "other" });
    expect(
      (await json<{ matches: unknown[] }>(await server.send("POST", "/api/v1/rag/query", { query: "document" })))
        .matches,
    ).toHaveLength(3);
  } finally {
    await server.remove();
    await service.stop();
  }
});

test("T67: kill -9 during ingestion leaves each document whole or not at all, and every acknowledged message", async () => {
  const service = await EmbeddingService.start();
  let server = await TestServer.start({ env: remote(service) });
  const { dir } = server;
  const text = (id: number) =>
    Array.from({ length: 40 }, (_, at) => `Passage ${at} of document ${id}, version one.`).join("\n\n");
  const acknowledgedDocuments = new Set<number>();
  const acknowledgedMessages: string[] = [];
  try {
    for (let round = 0; round < 4; round++) {
      const current = server;
      let running = true;
      const put = async (id: number) => {
        const response = await current
          .send("PUT", path(`d${id}`), { text: text(id), source: "s", chunking: { size: 60, overlap: 0 } })
          .catch(() => null);
        if (response?.ok) acknowledgedDocuments.add(id);
      };
      const talk = async () => {
        for (let at = 0; running; at++) {
          const content = `round ${round} message ${at}`;
          const response = await current
            .send("POST", "/api/v1/conversations/c/messages", { role: "user", content })
            .catch(() => null);
          if (!response?.ok) return;
          acknowledgedMessages.push(content);
        }
      };
      const before = acknowledgedDocuments.size;
      const work = [talk(), ...Array.from({ length: 30 }, (_, at) => put(round * 30 + at))];
      await expect.poll(() => acknowledgedDocuments.size).toBeGreaterThan(before + 4);
      await current.stop("SIGKILL");
      running = false;
      await Promise.all(work);
      server = await TestServer.start({ env: remote(service), dir });
    }
    for (let id = 0; id < 120; id++) {
      const response = await server.get(path(`d${id}`));
      if (response.status === 404) {
        expect(acknowledgedDocuments.has(id)).toBe(false);
        continue;
      }
      const document = await json<{ text: string; chunks: number }>(response);
      expect(document.text).toBe(text(id));
      const chunks = await json<{ items: { text: string; start: number; end: number }[] }>(
        await server.get(`${path(`d${id}`)}/chunks?limit=500`),
      );
      expect(chunks.items).toHaveLength(document.chunks);
      for (const { text: chunk, start, end } of chunks.items) expect(document.text.slice(start, end)).toBe(chunk);
    }
    const messages: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { items: { content: string; sequence: number }[]; nextCursor: string | null } = await json(
        await server.get(`/api/v1/conversations/c/messages?limit=500${cursor && `&cursor=${cursor}`}`),
      );
      page.items.forEach(({ content, sequence }) => {
        messages.push(content);
        expect(sequence).toBe(messages.length);
      });
      cursor = page.nextCursor;
    }
    expect(messages).toEqual(expect.arrayContaining(acknowledgedMessages));
    expect(messages.length - acknowledgedMessages.length).toBeLessThanOrEqual(4);
  } finally {
    await server.remove();
    await service.stop();
  }
});

test("T70: a helper that is killed is started again, and the text it died on is embedded", async () => {
  const server = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "silent" } });
  try {
    expect((await server.send("PUT", path("a"), { text: "one", source: "s" })).status).toBe(201);
    const { embedder } = await json<{ embedder: { processId: number } }>(await server.get("/api/v1/rag/status"));
    process.kill(embedder.processId, "SIGKILL");
    expect((await server.send("PUT", path("b"), { text: "two", source: "s" })).status).toBe(201);
    const after = await json<{ embedder: { processId: number; starts: number } }>(
      await server.get("/api/v1/rag/status"),
    );
    expect(after.embedder.starts).toBe(2);
    await server.stop("SIGKILL");
    // The channel closes with the server, whatever ended it.
    await expect.poll(() => isRunning(after.embedder.processId)).toBe(false);
  } finally {
    await server.remove();
  }
});

test("the helper ends when idle, and its memory is gone from usedBytes", async () => {
  const server = await TestServer.start({
    env: { HEADROOM_LOG_LEVEL: "silent", HEADROOM_EMBEDDINGS_IDLE_SECONDS: "3", HEADROOM_SAMPLE_SECONDS: "1" },
  });
  try {
    expect((await server.send("PUT", path("a"), { text: "one", source: "s" })).status).toBe(201);
    const { embedder } = await json<Status>(await server.get("/api/v1/rag/status"));
    expect([embedder.state, isRunning(embedder.processId ?? 0)]).toEqual(["ready", true]);
    const busy = await usage(server);
    expect(busy.embeddings).toBeGreaterThan(80 * MIB);
    // The first start prepared the model: nothing of that stays.
    expect(busy.embeddings).toBeLessThan(150 * MIB);
    // The helper's grant came before the first document, and is not taken off what this process held by then.
    expect(busy.runtime).toBeGreaterThan(80 * MIB);
    // The process goes by itself: nothing is asked of it.
    await expect.poll(() => isRunning(embedder.processId ?? 0)).toBe(false);
    await expect.poll(async () => (await usage(server)).embeddings).toBeLessThan(MIB);
    const idle = await usage(server);
    expect(busy.usedBytes - idle.usedBytes).toBeGreaterThan(80 * MIB);
    expect((await json<Status>(await server.get("/api/v1/rag/status"))).embedder).toMatchObject({
      state: "stopped",
      processId: null,
      memoryBytes: 0,
    });
    expect((await server.send("PUT", path("b"), { text: "two", source: "s" })).status).toBe(201);
  } finally {
    await server.remove();
  }
});

test("without the native runtime the same model runs on WebAssembly, with the vectors it would have had", async () => {
  const installedAt = installWithout("onnxruntime-node");
  const native = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "silent" } });
  const wasm = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "silent" }, installedAt });
  const texts = [
    "A boundary layer separates where the pressure rises.",
    "The parliament voted against the new tax on bread.",
    "Das Gericht hob das Urteil auf.",
    "東京の冬は乾いていて、晴れる日が多い。",
  ];
  try {
    const scores: number[][] = [];
    for (const server of [native, wasm]) {
      for (const [at, text] of texts.entries())
        expect((await server.send("PUT", path(String(at)), { text, source: "s" })).status).toBe(201);
      const answer = await server.send("POST", "/api/v1/rag/query", { query: "air flow along a wall", mode: "vector" });
      const { matches } = await json<{ matches: { documentId: string; score: number }[] }>(answer);
      expect(matches[0]?.documentId).toBe("0");
      scores.push(texts.map((_, at) => matches.find(({ documentId }) => documentId === String(at))?.score ?? 0));
    }
    const [a = [], b = []] = scores;
    for (const [at, score] of a.entries()) expect(Math.abs(score - (b[at] ?? 0))).toBeLessThan(0.01);
    const runtimes = await Promise.all(
      [native, wasm].map(
        async (server) => (await json<Status>(await server.get("/api/v1/rag/status"))).embedder.runtime,
      ),
    );
    expect(runtimes).toEqual(["native", "wasm"]);
  } finally {
    await native.remove();
    await wasm.remove();
    rmSync(installedAt, { recursive: true, force: true });
  }
});

interface Status {
  embedder: { state: string; runtime: string | null; processId: number | null };
}

const MIB = 2 ** 20;

async function usage(server: TestServer): Promise<{ usedBytes: number; embeddings: number; runtime: number }> {
  const { sample } = await json<{
    sample: { usedBytes: number; breakdown: { component: string; bytes: number }[] };
  }>(await server.get("/monitoring/memory"));
  const bytesOf = (name: string) => sample.breakdown.find(({ component }) => component === name)?.bytes ?? 0;
  return { usedBytes: sample.usedBytes, embeddings: bytesOf("embeddings"), runtime: bytesOf("runtime") };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
