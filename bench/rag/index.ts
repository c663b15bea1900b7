// Retrieval quality, speed and memory of the RAG store, through the HTTP API of a server of its own:
// npm run bench:rag [-- --beir DIR … | --messages | --languages]   (build first: node scripts/build.mjs). Other corpora come in the layout of BEIR.
// Behind each figure stand the least and largest over 50 random halves of the questions. --messages: search of conversations instead.
// --languages: by words alone in other languages than English, without a server.
// Memory beside a naive store: npm run bench:rag:memory
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TestServer } from "../../e2e/support/server.ts";
import { Client } from "./client.ts";
import { type Corpus, ndcgAt10, readBeir, readCranfield, readXquad } from "./corpora.ts";
import { runLanguages } from "./languages.ts";
import { runMessages } from "./messages.ts";
import { withSpread } from "./spread.ts";

/** So few that the model answers within any client's patience on a busy machine too. */
const DOCUMENTS_PER_CALL = 20;
const MODES = ["vector", "keyword", "hybrid"] as const;

interface Loaded {
  results: { embedded: number; reused: number; chunks: number }[];
}

async function load(
  client: Client,
  { documents }: Corpus,
): Promise<{ seconds: number; embedded: number; chunks: number }> {
  const started = performance.now();
  let embedded = 0;
  let chunks = 0;
  for (let from = 0; from < documents.length; from += DOCUMENTS_PER_CALL) {
    const batch = { documents: documents.slice(from, from + DOCUMENTS_PER_CALL) };
    const { results } = await client.call<Loaded>("POST", "/api/v1/rag/documents", batch);
    for (const result of results) {
      embedded += result.embedded;
      chunks += result.chunks;
    }
  }
  return { seconds: (performance.now() - started) / 1_000, embedded, chunks };
}

async function quality(
  client: Client,
  { questions }: Corpus,
  mode: (typeof MODES)[number],
): Promise<{ ndcg: string; p50: number; p99: number }> {
  const times: number[] = [];
  const scores: number[] = [];
  for (const { text, relevant } of questions) {
    const started = performance.now();
    const { matches } = await client.call<{ matches: { documentId: string }[] }>("POST", "/api/v1/rag/query", {
      query: text,
      k: 10,
      mode,
    });
    times.push(performance.now() - started);
    scores.push(
      ndcgAt10(
        matches.map(({ documentId }) => documentId),
        relevant,
      ),
    );
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { ndcg: withSpread(scores), p50: at(0.5), p99: at(0.99) };
}

async function run(server: TestServer, corpus: Corpus): Promise<void> {
  const client = new Client(server, corpus.name);
  const first = await load(client, corpus);
  const second = await load(client, corpus);
  const faster = Math.floor(first.seconds / second.seconds);
  console.log(
    `${corpus.name}: ${corpus.documents.length} documents, ${first.chunks} chunks, loaded in ${first.seconds.toFixed(1)} s (${first.embedded} embedded); again in ${second.seconds.toFixed(2)} s (${second.embedded} embedded), ${faster} times as fast`,
  );
  for (const mode of MODES) {
    const { ndcg, p50, p99 } = await quality(client, corpus, mode);
    console.log(`  ${mode.padEnd(8)} nDCG@10 ${ndcg}  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms`);
  }
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
}

const { values } = parseArgs({
  options: {
    beir: { type: "string", multiple: true, default: [] },
    messages: { type: "boolean", default: false },
    languages: { type: "boolean", default: false },
  },
});
if (values.languages) {
  await runLanguages();
  process.exit();
}
const shared = { cranfield: readCranfield(), xquad: readXquad() };
const server = await TestServer.start({ env: { HEADROOM_LOG_LEVEL: "warn" } });
try {
  console.log(`main process at the start: ${residentMb(server.pid).toFixed(0)} MB`);
  if (values.messages) await runMessages(new Client(server, "messages"));
  for (const [name, corpus] of Object.entries(values.messages ? {} : shared)) {
    if (corpus === null) console.log(`${name}: not in ../shared/data: skipped`);
    else await run(server, corpus);
  }
  for (const directory of values.beir) await run(server, readBeir(directory));
  const { embedder } = await new Client(server, "default").call<{ embedder: { memoryBytes: number } }>(
    "GET",
    "/api/v1/rag/status",
  );
  console.log(
    `main process afterwards: ${residentMb(server.pid).toFixed(0)} MB; helper ${(embedder.memoryBytes / 1_048_576).toFixed(0)} MB`,
  );
} finally {
  await server.remove();
}
