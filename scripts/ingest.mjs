// `npm run ingest -- FILE --target T`: sends a file of this machine to the running server, through the very route that any
// client uses, and goes on where it was when the connection breaks. Built-ins only.
import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { parseArgs } from "node:util";

const USAGE = `npm run ingest -- FILE --target none|sessions|cache|rag|vectors:NAME [options]

  --format F      ndjson, json, csv, fvecs, bvecs, f32 or text; default: by the file's extension
  --url URL       server address; default: HEADROOM_URL, or http://127.0.0.1:PORT
  --key KEY       API key; default: HEADROOM_API_KEY, or HEADROOM_OPERATOR_KEY
  --namespace N   namespace to write to; operator keys only
  --quiet         print only the result, no progress
  --path --where --select --rename --cast --decimal --null --constant --columns --delimiter --encoding --dimensions --by
  --embed --batch-size
                  as the query parameters of POST /api/v1/streams

Exit codes: 0 all stored, 2 some records were rejected, 3 the stream failed or was cancelled, 64 usage, 66 no such file,
69 the server does not respond, 77 the key is not allowed to do that, 130 interrupted.`;

const PARAMETERS = [
  "path",
  "where",
  "select",
  "rename",
  "cast",
  "decimal",
  "null",
  "constant",
  "columns",
  "delimiter",
  "encoding",
  "dimensions",
  "by",
  "embed",
];
const FORMATS = {
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
  csv: "csv",
  tsv: "csv",
  fvecs: "fvecs",
  bvecs: "bvecs",
  f32: "f32",
  txt: "text",
  md: "text",
};
const ENCODINGS = { gz: "gzip", br: "br", zz: "deflate", zst: "zstd" };
const ATTEMPTS = 5;
const PROGRESS_MS = 250;

class Exit extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @throws {Exit} 64 */
function readArguments() {
  const text = { type: "string" };
  const options = Object.fromEntries(
    [...PARAMETERS, "batch-size", "target", "format", "url", "key", "namespace"].map((name) => [name, text]),
  );
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { ...options, quiet: { type: "boolean" }, help: { type: "boolean" } },
    });
  } catch (error) {
    throw new Exit(64, `${error.message}\n\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help) throw new Exit(0, USAGE);
  const [file] = positionals;
  if (positionals.length !== 1 || !values.target) throw new Exit(64, USAGE);
  const parts = path.basename(file).toLowerCase().split(".");
  const encoding = ENCODINGS[parts.at(-1)];
  const extension = encoding ? parts.at(-2) : parts.at(-1);
  const format = values.format ?? FORMATS[extension];
  if (!format) throw new Exit(64, `The format is not clear from the name ${path.basename(file)}. Set --format.`);
  const key = values.key ?? process.env.HEADROOM_API_KEY ?? process.env.HEADROOM_OPERATOR_KEY;
  if (!key) throw new Exit(64, "No API key. Set --key or HEADROOM_API_KEY.");
  const url = values.url ?? process.env.HEADROOM_URL ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`;
  return { values, file, encoding, format, key, url };
}

/** One request; `body` is a stream or nothing. Resolves with the answer, whatever its status. */
function ask(settings, method, target, headers = {}, body = null) {
  const { url, key, values } = settings;
  const send = url.startsWith("https:") ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const request = send(new URL(target, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(values.namespace ? { "x-namespace": values.namespace } : {}),
        ...headers,
      },
    });
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, headers: response.headers, text, json: readJson(text) });
      });
    });
    request.on("error", reject);
    if (!body) return request.end();
    body.on("error", (error) => request.destroy(error));
    request.on("close", () => body.destroy());
    body.pipe(request);
  });
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function refuse({ status, json }) {
  const what = `${status} ${json.code ?? ""}: ${json.detail ?? json.title ?? "no reason given"}`;
  if (status === 401 || status === 403) throw new Exit(77, what);
  throw new Exit(status === 400 ? 64 : 3, what);
}

async function createJob(settings) {
  const { values, format } = settings;
  const query = new URLSearchParams({ target: values.target, format });
  for (const name of PARAMETERS) if (values[name] !== undefined) query.set(name, values[name]);
  if (values["batch-size"] !== undefined) query.set("batchSize", values["batch-size"]);
  const answer = await ask(settings, "POST", `/api/v1/streams?${query}`, {
    "upload-complete": "?0",
    "content-length": "0",
  });
  if (answer.status !== 202) refuse(answer);
  return answer.headers.location;
}

/** Sends the file from where the job is. Resolves with the finished job, or null when the connection broke. */
async function sendFrom(settings, location, total) {
  const job = await ask(settings, "GET", location);
  if (job.status !== 200) refuse(job);
  if (!job.json.resumable) return job.json;
  const offset = job.json.uploadOffset;
  const body = createReadStream(settings.file, {
    start: offset,
    end: Math.max(total - 1, 0),
    highWaterMark: 256 * 1024,
  });
  const headers = {
    "upload-offset": String(offset),
    "content-length": String(total - offset),
    "upload-length": String(total),
  };
  if (settings.encoding) headers["content-encoding"] = settings.encoding;
  const answer = await ask(settings, "PATCH", `${location}?wait=1`, headers, total > offset ? body : null);
  if (answer.status === 200) return answer.json;
  const after = await ask(settings, "GET", location);
  if (after.status === 200 && !after.json.resumable) return after.json;
  if (answer.status >= 500 || answer.status === 409) throw new Error(answer.json.detail ?? String(answer.status));
  return refuse(answer);
}

function bar(job, total, startedMs) {
  const ratio = total > 0 ? Math.min(1, job.bytesRead / total) : 1;
  const filled = Math.round(ratio * 24);
  const seconds = (Date.now() - startedMs) / 1000;
  const left = ratio > 0 && ratio < 1 ? `${Math.ceil((seconds / ratio) * (1 - ratio))} s left` : "";
  const megabytes = (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`;
  const counts = `${job.records} records${job.rejected > 0 ? `, ${job.rejected} rejected` : ""}`;
  return `[${"#".repeat(filled)}${".".repeat(24 - filled)}] ${Math.floor(ratio * 100)} %  ${megabytes(job.bytesRead)} of ${megabytes(total)}  ${counts}  ${megabytes(job.bytesPerSecond)}/s  ${left}`;
}

function showProgress(settings, location, total) {
  if (settings.values.quiet || !process.stderr.isTTY) return () => undefined;
  const startedMs = Date.now();
  const timer = setInterval(async () => {
    const { json } = await ask(settings, "GET", location).catch(() => ({ json: {} }));
    if (json.id) process.stderr.write(`\r\u001b[K${bar(json, total, startedMs)}`);
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\u001b[K");
  };
}

/** A directory, a pipe or a device has no size to send and no place to go on from. */
async function requireFile(file) {
  let found;
  try {
    found = statSync(file);
    if (found.isFile()) await (await open(file, "r")).close();
  } catch (error) {
    throw new Exit(66, `${file}: ${error.code === "ENOENT" ? "file not found" : error.message}`);
  }
  if (!found.isFile()) throw new Exit(66, `${file} is not a regular file`);
  return found.size;
}

async function run() {
  const settings = readArguments();
  const total = await requireFile(settings.file);
  let location;
  try {
    location = await createJob(settings);
  } catch (error) {
    if (error instanceof Exit) throw error;
    throw new Exit(69, `${settings.url} does not respond: ${error.message}`);
  }
  process.on("SIGINT", () => process.exit(130));
  const stop = showProgress(settings, location, total);
  let job = null;
  try {
    for (let attempt = 1; job === null; attempt++) {
      try {
        job = await sendFrom(settings, location, total);
      } catch (error) {
        if (error instanceof Exit) throw error;
        if (attempt === ATTEMPTS)
          throw new Exit(
            69,
            `The connection broke ${ATTEMPTS} times; the last error was: ${error.message}. The job is ${location}.`,
          );
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  } finally {
    stop();
  }
  process.stdout.write(
    `${job.state}: ${job.records} records, ${job.filtered} filtered, ${job.rejected} rejected, ${job.bytesRead} bytes; ${location}\n`,
  );
  if (job.comparedUnlike > 0)
    process.stderr.write(
      `${job.comparedUnlike} records were compared as text with a number (or the reverse), which never matches; use --cast.\n`,
    );
  if (job.selectedNothing > 0)
    process.stderr.write(`${job.selectedNothing} records have none of the fields in --select.\n`);
  if (job.state !== "completed") throw new Exit(3, job.error ? `${job.error.code}: ${job.error.message}` : job.state);
  return job.rejected > 0 ? 2 : 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  const known = error instanceof Exit;
  process.stderr.write(`${known ? error.message : error.stack}\n`);
  process.exitCode = known ? error.code : 70;
}
