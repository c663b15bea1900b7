// The store that the RAG bench is held against: every text and every vector in objects, a scan of all of them for a question.
// node bench/rag/naive.mjs: prints its address; POST /chunks {chunks: [{text, vector (base64 float32)}]}, POST /query {vector, k}.
import { createServer } from "node:http";

/** @type {{ id: number, text: string, vector: Float32Array }[]} */
const chunks = [];

function floats(base64) {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function query({ vector, k }) {
  const wanted = floats(vector);
  const scored = chunks.map((chunk) => {
    let score = 0;
    for (let at = 0; at < wanted.length; at++) score += wanted[at] * chunk.vector[at];
    return { id: chunk.id, text: chunk.text, score };
  });
  return scored.sort((a, b) => b.score - a.score).slice(0, k);
}

function load({ chunks: given }) {
  for (const { text, vector } of given) chunks.push({ id: chunks.length, text, vector: floats(vector) });
  return { chunks: chunks.length };
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(request.url === "/query" ? query(body) : load(body)));
});
server.listen(0, "127.0.0.1", () => console.log(`ready at http://127.0.0.1:${server.address().port}`));
