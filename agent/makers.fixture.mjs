/** Run by headroom-agent.test.ts under the agent: keeps what each maker of buffers gives, then waits for the agent to tell. */
import crypto from "node:crypto";
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import v8 from "node:v8";
import zlib from "node:zlib";

const BYTES = 2 ** 19;
const data = crypto.randomBytes(BYTES);
const dir = fs.mkdtempSync(path.join(tmpdir(), "headroom-makers-"));
const file = path.join(dir, "data");
fs.writeFileSync(file, data);
process.on("disconnect", () => process.exit());
process.on("exit", () => fs.rmSync(dir, { recursive: true, force: true }));
const [gzipped, deflated, raw] = [zlib.gzipSync(data), zlib.deflateSync(data), zlib.deflateRawSync(data)];
const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 0 } };
const brotli = zlib.brotliCompressSync(data, quick);
const byCallback = (run) => new Promise((resolve) => run((_, made) => resolve(made)));

const makers = {
  alloc: () => Buffer.alloc(BYTES),
  allocUnsafe: () => Buffer.allocUnsafe(BYTES),
  allocUnsafeSlow: () => Buffer.allocUnsafeSlow(BYTES),
  fromBytes: () => Buffer.from(data),
  fromText: () => Buffer.from("x".repeat(BYTES)),
  fromBase64: () => Buffer.from("QUJD".repeat(BYTES / 3), "base64"),
  concat: () => Buffer.concat([data, data]),
  copyBytesFrom: () => Buffer.copyBytesFrom(data),
  gzipSync: () => zlib.gzipSync(data, { level: 1 }),
  gunzipSync: () => zlib.gunzipSync(gzipped),
  unzipSync: () => zlib.unzipSync(gzipped),
  deflateSync: () => zlib.deflateSync(data, { level: 1 }),
  inflateSync: () => zlib.inflateSync(deflated),
  deflateRawSync: () => zlib.deflateRawSync(data, { level: 1 }),
  inflateRawSync: () => zlib.inflateRawSync(raw),
  brotliCompressSync: () => zlib.brotliCompressSync(data, quick),
  brotliDecompressSync: () => zlib.brotliDecompressSync(brotli),
  gzipByCallback: () => byCallback((done) => zlib.gzip(data, done)),
  gunzipByPromise: () => promisify(zlib.gunzip)(gzipped),
  randomBytes: () => crypto.randomBytes(BYTES),
  randomBytesByCallback: () => byCallback((done) => crypto.randomBytes(BYTES, done)),
  readFileSync: () => fs.readFileSync(file),
  readFileByCallback: () => byCallback((done) => fs.readFile(file, done)),
  readFileByPromise: () => fs.promises.readFile(file),
  serialize: () => v8.serialize(data),
  encodeText: () => new TextEncoder().encode("y".repeat(BYTES)),
  blobBytes: () => new Blob([data]).arrayBuffer(),
  // From Node 22.15 on.
  ...(zlib.zstdCompressSync ? { zstdCompressSync: () => zlib.zstdCompressSync(data) } : {}),
};

const kept = [];
process.send(Object.keys(makers));
// One call in three goes unsampled, so there are more rounds than any needs; between them the agent finds the process idle.
for (let round = 0; round < 24; round++) {
  for (const make of Object.values(makers)) kept.push(await make());
  await new Promise((resolve) => setTimeout(resolve, 200));
}
// Ended by the test; what is kept stays in use until then.
process.on("message", () => process.exit(kept.length));
