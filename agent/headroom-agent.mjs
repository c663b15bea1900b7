// Sends this process's memory samples and its sampled allocation sites to a Headroom server, which judges them:
//
//   HEADROOM_AGENT_URL=http://127.0.0.1:3000 HEADROOM_AGENT_KEY=… node --import ./agent/headroom-agent.mjs app.js
//
// HEADROOM_AGENT_NAME (the script's name), HEADROOM_AGENT_SAMPLE_MS (30000), HEADROOM_AGENT_COLLECT=off (never force a collection).
// One file, built-ins only. It holds at most 600 unsent samples, never keeps the process alive, and never throws into it.
import { subscribe } from "node:diagnostics_channel";
import http from "node:http";
import https from "node:https";
import { Session } from "node:inspector";
import { findSourceMap } from "node:module";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { GCProfiler } from "node:v8";
import { isMainThread } from "node:worker_threads";

const url = process.env.HEADROOM_AGENT_URL;
const key = process.env.HEADROOM_AGENT_KEY ?? "";
const name = process.env.HEADROOM_AGENT_NAME || path.basename(process.argv[1] ?? "node").replace(/\.[cm]?js$/, "");
const sampleMs = Math.max(20, Number(process.env.HEADROOM_AGENT_SAMPLE_MS) || 30_000);
const mayCollect = process.env.HEADROOM_AGENT_COLLECT !== "off";

const INTERVAL_BYTES = 512 * 1024;
const MAX_UNSENT = 600;
const MAX_BATCH = 60;
const MAX_SITES = 64;
/** Samples between two forced collections at the least: 5 minutes at the usual 30 s. */
const COLLECT_EVERY = 10;
/** Posts are at least this far apart, so that a fast sampler does not become a load. */
const POST_EVERY_MS = 500;
const TIMEOUT_MS = 5_000;

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
    sending: false,
    lastPostMs: 0,
    collectAsked: false,
    sinceCollection: Number.POSITIVE_INFINITY,
    gc: beginGc(),
    loop: performance.eventLoopUtilization(),
    bootId: `${process.pid}-${Date.now()}`,
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
  const gc = takeGc(state);
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  state.unsent.push({
    sequence: state.sequence,
    sampledAt: new Date().toISOString(),
    process: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    },
    gc,
    activity: { requests: state.requests },
  });
  if (state.unsent.length > MAX_UNSENT) state.unsent.shift();
  state.requests = 0;
  state.sequence += 1;
  state.sinceCollection += 1;
  if (state.collectAsked && mayCollect && loop.utilization < 0.8 && state.sinceCollection >= COLLECT_EVERY)
    collect(state);
  if (!state.sending && Date.now() - state.lastPostMs >= Math.min(POST_EVERY_MS, sampleMs)) send(state);
}

function beginGc() {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}

function takeGc(state) {
  const statistics = state.gc.stop()?.statistics ?? [];
  state.gc = beginGc();
  const majors = statistics.filter((entry) => /MarkSweep|MarkCompact/i.test(entry.gcType));
  return {
    majorCount: majors.length,
    minorCount: statistics.length - majors.length,
    heapUsedAfterMajorBytes: majors.at(-1)?.afterGC.heapStatistics.usedHeapSize ?? null,
  };
}

/**
 * Only when the server asks, to tell live memory from garbage; at most every ten samples (5 minutes), and not under load. V8 collects
 * everything before it hands out the sampling profile, so that one call gives both: what is live, and where it was allocated.
 */
function collect(state) {
  state.collectAsked = false;
  state.sinceCollection = 0;
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
 * its stack, for as long as the buffer lives. Plain `new Uint8Array(n)` and native allocations are not seen.
 */
function watchBuffers() {
  const live = new Map();
  const gone = new FinalizationRegistry((id) => live.delete(id));
  let budget = INTERVAL_BYTES;
  let next = 0;
  const note = (buffer) => {
    budget -= buffer.byteLength;
    if (budget > 0 || live.size >= 5_000) return buffer;
    const weight = INTERVAL_BYTES - budget;
    budget = INTERVAL_BYTES;
    const id = next++;
    live.set(id, { weight, frames: framesHere() });
    gone.register(buffer, id);
    return buffer;
  };
  for (const method of ["alloc", "allocUnsafe", "allocUnsafeSlow"]) {
    const original = Buffer[method];
    Buffer[method] = function (...args) {
      return note(original.apply(this, args));
    };
    Object.defineProperty(Buffer[method], "name", { value: method });
  }
  return {
    sites() {
      const totals = new Map();
      for (const { weight, frames } of live.values())
        for (const [i, site] of frames.entries()) add(totals, site, frames.length - 1 - i, weight);
      return totals;
    },
  };
}

/** Application frames of the caller, innermost first. */
function framesHere() {
  const limit = Error.stackTraceLimit;
  const prepare = Error.prepareStackTrace;
  Error.stackTraceLimit = 24;
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = new Error().stack;
  Error.stackTraceLimit = limit;
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
