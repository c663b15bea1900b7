/**
 * Memory and search time of the RAG store beside a naive one that holds all texts and float32 arrays in objects, over HTTP,
 * at the same start flags: npm run bench:rag:memory -- [--chunks 10000]   (build first)
 *
 * RSS of the main process, all threads: as it starts, at rest before and after the load, and the highest meanwhile; and `usedBytes`
 * with the helper and once that has ended by itself, after the default 60 s.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { TestServer } from "../../e2e/support/server.ts";
import { chunkText } from "../../lib/stores/rag/chunk-text.ts";
import { chooseGcFlags, effectiveLimitBytes } from "../../scripts/gc-flags.mjs";
import { readCranfield } from "./corpora.ts";

const { values } = parseArgs({ options: { chunks: { type: "string", default: "10000" } } });
const CHUNKS = Number(values.chunks);
const DIMENSIONS = 384;
const QUESTIONS = 200;
const BATCH = 20;
/** One chunk, and now and then two. */
const DOCUMENT_CHARACTERS = 900;
const MIB = 2 ** 20;

let state = 0x9e3779b9;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const vocabulary = [
  ...new Set((readCranfield()?.documents ?? []).flatMap(({ text }) => text.match(/[a-z]{3,10}/g) ?? [])),
].slice(0, 4_000);
const word = () =>
  vocabulary[Math.floor(vocabulary.length * random() ** 2)] ?? `word${Math.floor(4_000 * random() ** 2)}`;
const sentence = () => `${Array.from({ length: 6 + Math.floor(random() * 14) }, word).join(" ")}. `;

function text(characters: number): string {
  let made = "";
  while (made.length < characters) made += sentence();
  return made.slice(0, characters).trim();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
}

/** What is held and not what a request takes for a moment: after the half minute without a call that a collection at rest waits for. */
async function atRestMb(pid: number): Promise<number> {
  await pause(35_000);
  return residentMb(pid);
}

async function post<T>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

function p50And99(times: number[]): string {
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

async function timed(questions: readonly string[], ask: (question: string) => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (const question of questions) {
    const started = performance.now();
    await ask(question);
    times.push(performance.now() - started);
  }
  return p50And99(times);
}

async function measureOurs(documents: readonly string[], questions: readonly string[]): Promise<number> {
  const server = await TestServer.start({
    env: { HEADROOM_LOG_LEVEL: "warn" },
  });
  const send = async <T>(target: string, body: unknown): Promise<T> => {
    const response = await server.send("POST", `/api/v1/rag/${target}`, body);
    if (!response.ok) throw new Error(`${target}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const used = async (): Promise<number> => {
    const report = (await (await server.get("/monitoring/memory")).json()) as { sample: { usedBytes: number } };
    return report.sample.usedBytes / MIB;
  };
  try {
    const atStart = residentMb(server.pid);
    const warmUp = Array.from({ length: 200 }, (_, at) => ({ id: `warm-${at}`, text: text(300), source: "warm-up" }));
    await send("documents", { documents: warmUp });
    for (let at = 0; at < 50; at++) await send("query", { query: sentence() });
    for (let at = 0; at < 400; at++) await server.get("/monitoring/memory");
    const before = await atRestMb(server.pid);
    const started = performance.now();
    let chunks = 0;
    let most = 0;
    for (let from = 0; from < documents.length; from += BATCH) {
      const batch = documents.slice(from, from + BATCH).map((body, at) => ({ id: `d${from + at}`, text: body }));
      const { results } = await send<{ results: { chunks: number }[] }>("documents", { documents: batch });
      chunks += results.reduce((sum, result) => sum + result.chunks, 0);
      most = Math.max(most, residentMb(server.pid));
    }
    const seconds = (performance.now() - started) / 1_000;
    const after = await atRestMb(server.pid);
    console.log(`ours: ${chunks} chunks loaded in ${seconds.toFixed(0)} s`);
    console.log(
      `  main process ${atStart.toFixed(0)} MB as it starts; at rest ${before.toFixed(0)} → ${after.toFixed(0)} MB: +${(after - before).toFixed(1)} MB; at most ${most.toFixed(0)} MB meanwhile`,
    );
    const first = await timed(questions, (query) => send("query", { query, mode: "vector", k: 10 }));
    // Another k: the question's vector is known, the answer is not.
    const known = await timed(questions, (query) => send("query", { query, mode: "vector", k: 11 }));
    const cached = await timed(questions.slice(-50), (query) => send("query", { query, mode: "vector", k: 11 }));
    console.log(`  by meaning: ${first}; with the question's vector known: ${known}; from the query cache: ${cached}`);
    const busyUsed = await used();
    const { embedder } = (await (await server.get("/api/v1/rag/status")).json()) as {
      embedder: { memoryBytes: number };
    };
    const askedAt = performance.now();
    let restUsed = busyUsed;
    while (restUsed > busyUsed - 50 && performance.now() - askedAt < 120_000) {
      await pause(500);
      restUsed = await used();
    }
    const endedAfter = (performance.now() - askedAt) / 1_000;
    console.log(
      `  usedBytes ${busyUsed.toFixed(0)} MB with the helper (${(embedder.memoryBytes / MIB).toFixed(0)} MB), ${restUsed.toFixed(0)} MB once it has ended by itself, ${endedAfter.toFixed(0)} s after the last question`,
    );
    return after - before;
  } finally {
    await server.remove();
  }
}

async function startNaive(): Promise<{ child: ChildProcess; url: string }> {
  const { flags, env } = chooseGcFlags({ limitBytes: effectiveLimitBytes({}) });
  const child = spawn(process.execPath, [...flags, path.join(import.meta.dirname, "naive.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  if (child.stdout === null) throw new Error("the naive store has no output");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: /ready at (\S+)/.exec(line.toString())?.[1] ?? "" };
}

/** Vectors are random: what they take and what a scan of them costs does not depend on what they say. */
const randomVector = () =>
  Buffer.from(Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5).buffer).toString("base64");

async function measureNaive(documents: readonly string[], questions: readonly string[]): Promise<number> {
  const { child, url } = await startNaive();
  try {
    await post(`${url}/chunks`, { chunks: [{ text: "warm-up", vector: randomVector() }] });
    for (let at = 0; at < 400; at++) await post(`${url}/query`, { vector: randomVector(), k: 1 });
    const before = await atRestMb(child.pid ?? 0);
    for (let from = 0; from < documents.length; from += BATCH) {
      const chunks = documents.slice(from, from + BATCH).flatMap((body) =>
        chunkText(body, { size: 1_000, overlap: 200 }).map(({ start, end }) => ({
          text: body.slice(start, end),
          vector: randomVector(),
        })),
      );
      await post(`${url}/chunks`, { chunks });
    }
    const after = await atRestMb(child.pid ?? 0);
    console.log("naive: all texts and float32 arrays in objects");
    console.log(`  process ${before.toFixed(0)} → ${after.toFixed(0)} MB: +${(after - before).toFixed(1)} MB`);
    const known = await timed(questions, () => post(`${url}/query`, { vector: randomVector(), k: 10 }));
    console.log(`  by meaning, with the question's vector given: ${known}`);
    return after - before;
  } finally {
    child.kill();
  }
}

const documents = Array.from({ length: CHUNKS }, () => text(DOCUMENT_CHARACTERS));
const questions = Array.from({ length: QUESTIONS }, sentence);
const naive = await measureNaive(documents, questions);
const ours = await measureOurs(documents, questions);
console.log(`growth for ${CHUNKS} chunks: ${ours.toFixed(1)} MB against ${naive.toFixed(1)} MB`);
