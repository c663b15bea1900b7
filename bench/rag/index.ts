// Retrieval quality, speed and memory of the RAG store, through the HTTP API of a server of its own:
// npm run bench:rag   (build first: node scripts/build.mjs); memory beside a naive store: npm run bench:rag:memory
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Corpus, ndcgAt10, readCranfield, readXquad } from "./corpora.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const KEY = "bench-operator-key-0123456789";
const PORT = Number(process.env.PORT ?? 4790);
const BASE = `http://127.0.0.1:${PORT}`;
const MODES = ["vector", "keyword", "hybrid"] as const;

async function call<T>(namespace: string, method: string, target: string, body?: unknown): Promise<T> {
  const response = await fetch(BASE + target, {
    method,
    headers: {
      Authorization: `Bearer ${KEY}`,
      "X-Namespace": namespace,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

interface Loaded {
  results: { embedded: number; reused: number; chunks: number }[];
}

async function load({ name, documents }: Corpus): Promise<{ seconds: number; embedded: number; chunks: number }> {
  const started = performance.now();
  let embedded = 0;
  let chunks = 0;
  for (let from = 0; from < documents.length; from += 100) {
    const { results } = await call<Loaded>(name, "POST", "/api/v1/rag/documents", {
      documents: documents.slice(from, from + 100),
    });
    for (const result of results) {
      embedded += result.embedded;
      chunks += result.chunks;
    }
  }
  return { seconds: (performance.now() - started) / 1_000, embedded, chunks };
}

async function quality(
  { name, questions }: Corpus,
  mode: (typeof MODES)[number],
): Promise<{ ndcg: number; p50: number; p99: number }> {
  const times: number[] = [];
  let sum = 0;
  for (const { text, relevant } of questions) {
    const started = performance.now();
    const { matches } = await call<{ matches: { documentId: string }[] }>(name, "POST", "/api/v1/rag/query", {
      query: text,
      k: 10,
      mode,
    });
    times.push(performance.now() - started);
    sum += ndcgAt10(
      matches.map(({ documentId }) => documentId),
      relevant,
    );
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { ndcg: sum / questions.length, p50: at(0.5), p99: at(0.99) };
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
}

async function whenReady(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const ready = await fetch(`${BASE}/readyz`).catch(() => null);
    if (ready?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the server did not become ready");
}

async function main(): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "headroom-bench-rag-"));
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    PORT: String(PORT),
    HEADROOM_DATABASE_URL: `file:${directory}/bench.db`,
    HEADROOM_OPERATOR_KEY: KEY,
  };
  const server = spawn(process.execPath, ["dist/server.js"], { cwd: PROJECT, env, stdio: "ignore" });
  try {
    await whenReady();
    const pid = server.pid ?? 0;
    const idleMb = residentMb(pid);
    console.log(`main process at rest: ${idleMb.toFixed(0)} MB`);
    for (const [name, corpus] of Object.entries({ cranfield: readCranfield(), xquad: readXquad() })) {
      if (corpus === null) {
        console.log(`${name}: not in ../shared/data: skipped`);
        continue;
      }
      const first = await load(corpus);
      const second = await load(corpus);
      console.log(
        `${name}: ${corpus.documents.length} documents, ${first.chunks} chunks, loaded in ${first.seconds.toFixed(1)} s (${first.embedded} embedded); again in ${second.seconds.toFixed(2)} s (${second.embedded} embedded)`,
      );
      for (const mode of MODES) {
        const { ndcg, p50, p99 } = await quality(corpus, mode);
        console.log(
          `  ${mode.padEnd(8)} nDCG@10 ${ndcg.toFixed(4)}  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms`,
        );
      }
    }
    const status = await call<{ embedder: { memoryBytes: number } }>("cranfield", "GET", "/api/v1/rag/status");
    console.log(
      `main process afterwards: ${residentMb(pid).toFixed(0)} MB; helper ${(status.embedder.memoryBytes / 1_048_576).toFixed(0)} MB`,
    );
  } finally {
    server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
