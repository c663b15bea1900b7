// A server that allocates like ours under the report's workload, with built-ins only: sessions parsed and written,
// responses hashed and sent, a slab of long-lived bytes beside them. Started with the flags under test; told over IPC.
import { createServer } from "node:http";
import { constants, PerformanceObserver } from "node:perf_hooks";

const HOLD_MB = Number(process.env.HOLD_MB ?? 64);
const SLAB_BYTES = 1024 * 1024;

const collections = { minor: 0, major: 0, pauseMs: 0, longestMs: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections.minor += 1;
    else collections.major += 1;
    collections.pauseMs += entry.duration;
    collections.longestMs = Math.max(collections.longestMs, entry.duration);
  }
}).observe({ entryTypes: ["gc"] });

const slabs = Array.from({ length: HOLD_MB }, () => Buffer.alloc(SLAB_BYTES, 1));
const sessions = new Map();
// Objects that live for 4,000 requests: promoted, then garbage in old space.
const history = Array.from({ length: 4000 }, () => null);
let requests = 0;
let peakRss = 0;
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 50).unref();

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString("utf8"));
    const id = body.id % 500;
    sessions.set(id, Buffer.from(JSON.stringify({ ...body, seen: Date.now() })));
    // What one answer costs: parsed state, a list of matches, the text that is sent.
    const state = JSON.parse(sessions.get(id).toString("utf8"));
    history[requests++ % history.length] = state;
    const matches = Array.from({ length: 400 }, (_, at) => ({
      id: `p-${at}`,
      score: at / 400,
      text: state.text.slice(0, 40),
    }));
    matches.sort((a, b) => b.score - a.score);
    const answer = JSON.stringify({ state, matches });
    response.setHeader("content-type", "application/json");
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", (message) => {
  if (message === "begin") Object.assign(collections, { minor: 0, major: 0, pauseMs: 0, longestMs: 0 });
  if (message === "report") {
    const cpu = process.cpuUsage();
    process.send({
      ...collections,
      cpuMs: (cpu.user + cpu.system) / 1000,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
      peakRssMb: peakRss / 2 ** 20,
      held: slabs.length,
    });
  }
});
