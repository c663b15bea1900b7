// Sends this process's memory samples and its sampled allocation sites to a Headroom server, which judges them:
//
//   HEADROOM_AGENT_URL=http://127.0.0.1:3000 HEADROOM_AGENT_KEY=… node --import ./agent/headroom-agent.mjs app.js
//
// HEADROOM_AGENT_NAME (the script's name), HEADROOM_AGENT_SAMPLE_MS (30000), HEADROOM_AGENT_COLLECT=off (never force a collection).
// Workers and replicas may share a name: each process is watched apart. A verdict takes half an hour of samples and more; for benches
// HEADROOM_AGENT_TIME_SCALE (1) multiplies the time that its samples tell: 150 makes 200 ms pass for 30 s.
// One file, built-ins only. It holds at most 600 unsent samples, never keeps the process alive, and never throws into it.
import crypto from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { Session } from "node:inspector";
import { findSourceMap, syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { performance } from "node:perf_hooks";
import v8, { GCProfiler } from "node:v8";
import { isMainThread } from "node:worker_threads";
import zlib from "node:zlib";

const url = process.env.HEADROOM_AGENT_URL;
const key = process.env.HEADROOM_AGENT_KEY ?? "";
const name = process.env.HEADROOM_AGENT_NAME || path.basename(process.argv[1] ?? "node").replace(/\.[cm]?js$/, "");
const sampleMs = Math.max(20, Number(process.env.HEADROOM_AGENT_SAMPLE_MS) || 30_000);
const timeScale = Math.max(1, Number(process.env.HEADROOM_AGENT_TIME_SCALE) || 1);
const startedMs = Date.now();
const mayCollect = process.env.HEADROOM_AGENT_COLLECT !== "off";

const INTERVAL_BYTES = 512 * 1024;
const MAX_UNSENT = 600;
const MAX_BATCH = 60;
const MAX_SITES = 64;
/** Samples and time between two forced collections at the least. */
const COLLECT_EVERY = 10;
const COLLECT_EVERY_MS = 300_000 / timeScale;
/** Posts are at least this far apart, so that a fast sampler does not become a load. */
const POST_EVERY_MS = 500;
/** From V8 12 on (Node 22) a collection leaves free pages in a pool that no figure shows. */
const KEEPS_PAGES = Number.parseInt(process.versions.v8, 10) >= 12;
/** Below this pages are not worth a second collection. */
const WORTH_GIVING_BACK = 8 * 1024 * 1024;
const TIMEOUT_MS = 5_000;

const BUFFER_MAKERS = ["alloc", "allocUnsafe", "allocUnsafeSlow", "from", "concat", "copyBytesFrom"];
const COMPRESSIONS = ["deflate", "gzip", "deflateRaw", "brotliCompress", "zstdCompress"];
const EXPANSIONS = ["inflate", "gunzip", "inflateRaw", "unzip", "brotliDecompress", "zstdDecompress"];

if (url && isMainThread) start(new URL(`/api/v1/agents/${encodeURIComponent(name)}/samples`, url));

function start(target) {
  const external = watchBuffers();
  const session = new Session();
  session.connect();
  session.post("HeapProfiler.enable");
  session.post("HeapProfiler.startSampling", { samplingInterval: INTERVAL_BYTES });
  const state = {
    target,
    session,
    external,
    unsent: [],
    sites: null,
    sequence: 0,
    requests: 0,
    /** The most heap that was committed since its pages were last given back: RSS may still hold it. */
    heapPeak: 0,
    sending: false,
    lastPostMs: 0,
    collectAsked: false,
    sinceCollection: Number.POSITIVE_INFINITY,
    collectedMs: Number.NEGATIVE_INFINITY,
    profiler: beginGc(),
    gc: noGc(),
    loop: performance.eventLoopUtilization(),
    bootId: `${process.pid}-${startedMs}-${crypto.randomUUID().slice(0, 8)}`,
  };
  subscribe("http.server.request.start", () => {
    state.requests += 1;
  });
  setInterval(() => safely(() => tick(state)), sampleMs).unref();
}

/** The service must never notice a fault of ours. */
function safely(run) {
  try {
    run();
  } catch {
    /* what could not be sampled now is a gap */
  }
}

function tick(state) {
  const loop = performance.eventLoopUtilization(state.loop);
  state.loop = performance.eventLoopUtilization();
  readGc(state);
  const gc = state.gc;
  state.gc = noGc();
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  state.heapPeak = Math.max(state.heapPeak, heapTotal);
  state.unsent.push({
    sequence: state.sequence,
    sampledAt: new Date(startedMs + (Date.now() - startedMs) * timeScale).toISOString(),
    process: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      ...(KEEPS_PAGES ? { heapPeakBytes: state.heapPeak } : {}),
    },
    gc,
    activity: { requests: state.requests },
  });
  if (state.unsent.length > MAX_UNSENT) state.unsent.shift();
  state.requests = 0;
  state.sequence += 1;
  state.sinceCollection += 1;
  if (state.collectAsked && mayCollect && loop.utilization < 0.8 && mayCollectAgain(state)) collect(state);
  if (!state.sending && Date.now() - state.lastPostMs >= Math.min(POST_EVERY_MS, sampleMs)) send(state);
}

function mayCollectAgain(state) {
  return state.sinceCollection >= COLLECT_EVERY && Date.now() - state.collectedMs >= COLLECT_EVERY_MS;
}

function beginGc() {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}

function noGc() {
  return { majorCount: 0, minorCount: 0, heapUsedAfterMajorBytes: null };
}

/** Counts the collections since the last call, and what was committed before each: only they make a heap smaller. */
function readGc(state) {
  const statistics = state.profiler.stop()?.statistics ?? [];
  state.profiler = beginGc();
  for (const { beforeGC } of statistics)
    state.heapPeak = Math.max(state.heapPeak, beforeGC.heapStatistics.totalHeapSize);
  const majors = statistics.filter((entry) => /MarkSweep|MarkCompact/i.test(entry.gcType));
  state.gc.majorCount += majors.length;
  state.gc.minorCount += statistics.length - majors.length;
  const last = majors.at(-1);
  if (last) state.gc.heapUsedAfterMajorBytes = last.afterGC.heapStatistics.usedHeapSize;
}

/**
 * Only when the server asks, to tell live memory from garbage; at most every ten samples and 5 minutes, and not under load. V8 collects
 * everything before it hands out the sampling profile, so that one call gives both: what is live, and where it was allocated. Pages that V8
 * keeps in its pool are given back first, for only then RSS tells what lies outside the heap.
 */
function collect(state) {
  state.collectAsked = false;
  state.sinceCollection = 0;
  state.collectedMs = Date.now();
  if (!KEEPS_PAGES || state.heapPeak - process.memoryUsage().heapTotal < WORTH_GIVING_BACK) return readSites(state);
  state.session.post("HeapProfiler.collectGarbage", (error) => {
    safely(() => {
      if (!error) forgetPeak(state);
      readSites(state);
    });
  });
}

/** What was committed up to now has gone back to the system; what comes before the next sample counts. */
function forgetPeak(state) {
  readGc(state);
  state.heapPeak = process.memoryUsage().heapTotal;
}

function readSites(state) {
  state.session.post("HeapProfiler.getSamplingProfile", (error, result) => {
    if (!error)
      safely(() => {
        state.sites = merge(fold(result.profile.head), state.external.sites());
      });
  });
}

/** Live bytes per application frame, cumulative; frames of Node and of packages pass theirs on to their callers. */
function fold(head) {
  const totals = new Map();
  const stack = [{ node: head, path: [] }];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, path: above } = entry;
    const { functionName, url: file, lineNumber, columnNumber } = node.callFrame;
    const site = isApplication(file)
      ? `${functionName || "(anonymous)"} (${locate(file, lineNumber, columnNumber)})`
      : null;
    const here = site === null || above.includes(site) ? above : [...above, site];
    for (const [depth, name] of here.entries()) add(totals, name, depth, node.selfSize);
    for (const child of node.children) stack.push({ node: child, path: here });
  }
  return totals;
}

function add(totals, site, depth, bytes) {
  const total = totals.get(site) ?? { depth: 0, liveBytes: 0 };
  total.depth = Math.max(total.depth, depth);
  total.liveBytes += bytes;
  totals.set(site, total);
}

function isApplication(file) {
  return (
    file !== "" && !file.startsWith("node:") && !file.includes("/node_modules/") && !file.includes("headroom-agent")
  );
}

function locate(file, line, column) {
  const origin = findSourceMap(file)?.findEntry(line, column);
  if (origin?.originalSource) return `${origin.originalSource.replace(/^file:\/\//, "")}:${origin.originalLine + 1}`;
  return `${file.replace(/^file:\/\//, "")}:${line + 1}`;
}

function merge(...maps) {
  const totals = new Map();
  for (const map of maps) for (const [site, { depth, liveBytes }] of map) add(totals, site, depth, liveBytes);
  return [...totals]
    .map(([site, t]) => ({ site: site.slice(0, 400), depth: t.depth, liveBytes: Math.round(t.liveBytes) }))
    .sort((a, b) => b.liveBytes - a.liveBytes)
    .slice(0, MAX_SITES);
}

/**
 * V8 does not sample what lies outside its heap, so buffers are sampled where they are made: one in 512 KB of buffer bytes keeps
 * its stack, for as long as its memory lives. Seen are Buffer's own makers, crypto.randomBytes, zlib's one-call functions, whole files
 * read, encoded text, serialized values and a blob's bytes. Plain `new Uint8Array(n)`, resizable and WebAssembly memory, what streams,
 * sockets and fetch hand out and native allocations are not seen: their sites stay unknown.
 */
function watchBuffers() {
  const live = new Map();
  const gone = new FinalizationRegistry((id) => live.delete(id));
  let budget = nextSampleIn();
  let next = 0;
  /** Makers call one another, more so in older versions of Node: the outermost counts. */
  let inside = false;
  const note = (made, trace) => {
    const memory = made instanceof Uint8Array ? made.buffer : made;
    if (!(memory instanceof ArrayBuffer)) return;
    budget -= made.byteLength;
    if (budget > 0 || live.size >= 5_000) return;
    budget = nextSampleIn();
    const weight = made.byteLength / (1 - Math.exp(-made.byteLength / INTERVAL_BYTES));
    const frames = framesOf(trace ?? traceHere());
    if (frames.length === 0) return;
    const id = next++;
    live.set(id, { weight, frames });
    // A part of a buffer keeps the memory of the whole alive; what lies in Node's pool goes with its view.
    gone.register(memory.byteLength === made.byteLength ? memory : made, id);
  };
  const within = (run) => {
    if (inside) return run();
    inside = true;
    try {
      return run();
    } finally {
      inside = false;
    }
  };
  const whole = (original) =>
    function (...args) {
      if (inside) return original.apply(this, args);
      const made = within(() => original.apply(this, args));
      // A view of memory that is there already is none of its own.
      if (!(args[0] instanceof ArrayBuffer || args[0] instanceof SharedArrayBuffer)) note(made);
      return made;
    };
  const byCallback = (original) =>
    function (...args) {
      const callback = args.at(-1);
      if (inside || typeof callback !== "function") return whole(original).apply(this, args);
      const trace = traceHere();
      args[args.length - 1] = function (...results) {
        note(results[1], trace);
        return callback.apply(this, results);
      };
      return within(() => original.apply(this, args));
    };
  const byPromise = (original) =>
    function (...args) {
      const trace = traceHere();
      const promise = original.apply(this, args);
      promise?.then?.(
        (made) => note(made, trace),
        () => undefined,
      );
      return promise;
    };
  for (const method of BUFFER_MAKERS) wrap(Buffer, method, whole);
  for (const method of [...COMPRESSIONS, ...EXPANSIONS]) {
    wrap(zlib, method, byCallback);
    wrap(zlib, `${method}Sync`, whole);
  }
  wrap(crypto, "randomBytes", byCallback);
  wrap(v8, "serialize", whole);
  wrap(TextEncoder.prototype, "encode", whole);
  wrap(Blob.prototype, "arrayBuffer", byPromise);
  wrap(fs, "readFileSync", whole);
  wrap(fs, "readFile", byCallback);
  wrap(fs.promises, "readFile", byPromise);
  safely(syncBuiltinESMExports);
  return {
    sites() {
      const totals = new Map();
      for (const { weight, frames } of live.values())
        for (const [i, site] of frames.entries()) add(totals, site, frames.length - 1 - i, weight);
      return totals;
    },
  };
}

/** Bytes to the next sample, at random: at even distances sites that take turns would be seen always or never. */
function nextSampleIn() {
  return -Math.log(1 - Math.random()) * INTERVAL_BYTES;
}

/** Puts a wrapper in the place of a function, with its name, length and custom promisified form; leaves alone what is not there. */
function wrap(owner, method, wrapper) {
  const original = owner[method];
  if (typeof original !== "function") return;
  safely(() => {
    const wrapped = wrapper(original);
    Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
    owner[method] = wrapped;
  });
}

/** The stack of now, not yet put into words: that is paid for the few that are kept. */
function traceHere() {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 24;
  const trace = new Error();
  Error.stackTraceLimit = limit;
  return trace;
}

/** Application frames of a stack, innermost first. */
function framesOf(trace) {
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = trace.stack;
  Error.prepareStackTrace = prepare;
  if (!Array.isArray(sites)) return [];
  const names = sites
    .filter((s) => isApplication(s.getFileName() ?? ""))
    .map((s) => {
      const own = s.isConstructor() ? s.getTypeName() : s.getFunctionName();
      return `${own || "(anonymous)"} (${locate(s.getFileName() ?? "", (s.getLineNumber() ?? 1) - 1, (s.getColumnNumber() ?? 1) - 1)})`;
    });
  return [...new Set(names)];
}

function send(state) {
  const samples = state.unsent.slice(0, MAX_BATCH);
  if (samples.length === 0) return;
  const sites = state.sites;
  const body = JSON.stringify({ bootId: state.bootId, sampleMs, samples, ...(sites ? { sites } : {}) });
  state.sending = true;
  state.lastPostMs = Date.now();
  const done = (accepted) => {
    if (!state.sending) return;
    state.sending = false;
    if (!accepted) return;
    state.unsent.splice(0, samples.length);
    if (state.sites === sites) state.sites = null;
  };
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    authorization: `Bearer ${key}`,
  };
  const request = (state.target.protocol === "https:" ? https : http).request(
    state.target,
    { method: "POST", headers, timeout: TIMEOUT_MS },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        if (text.length < 10_000) text += chunk;
      });
      response.on("end", () => {
        safely(() => {
          state.collectAsked = JSON.parse(text).collect === true;
        });
        // What the server refuses for good (4xx) is not sent again: it would be refused for ever.
        done(response.statusCode < 500 && response.statusCode !== 429);
      });
    },
  );
  request.on("socket", (socket) => socket.unref());
  request.on("timeout", () => request.destroy());
  request.on("error", () => done(false));
  request.on("close", () => done(false));
  request.end(body);
}
