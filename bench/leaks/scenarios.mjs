// Programs with known answers, for tuning and scoring the leak detector. Each is built from a
// mechanism seen in public bug reports (leaks) or in ordinary services (healthy), and draws its
// rates, sizes and times from the seed, so that a detector cannot learn one trace by heart.
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import http from "node:http";
import { createSecureContext } from "node:tls";
import { Worker } from "node:worker_threads";
import { createDeflate, deflateSync } from "node:zlib";

const leak = (channel, culprit, setup, onset = () => 0) => ({ label: "leak", channel, culprit, setup, onset });
const healthy = (setup) => ({ label: "ok", channel: null, culprit: [], setup, onset: () => null });
const day =
  (h, cycles, phase = -0.25) =>
  (i) =>
    1 + Math.sin(2 * Math.PI * (cycles * h.fraction(i) + phase));

export const scenarios = {
  // ---- leaks ----
  "leak-listeners": leak("heap", ["subscribeRequest", "RequestScope"], (h) => {
    const bus = new EventEmitter().setMaxListeners(0);
    const perTick = h.int(25, 110);
    class RequestScope {
      constructor() {
        this.body = h.text(1.2);
        this.tags = ["a", "b"];
      }
    }
    function subscribeRequest() {
      const scope = new RequestScope();
      bus.on("reload", () => scope.body);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) subscribeRequest();
    };
  }),
  "leak-closure-chain": leak("heap", ["replaceThing"], (h) => {
    let thing = null;
    const kb = h.int(20, 90);
    function replaceThing() {
      const previous = thing;
      const unused = () => previous && unused;
      thing = { text: h.text(kb), method: () => unused };
    }
    return () => {
      h.churn();
      for (let k = 0; k < 2; k++) replaceThing();
    };
  }),
  "leak-intervals": leak("heap", ["beginPolling", "Poller"], (h) => {
    const perTick = h.int(12, 45);
    class Poller {
      constructor() {
        this.last = h.text(3);
      }
    }
    function beginPolling() {
      const poller = new Poller();
      setInterval(() => {
        poller.at = Date.now();
      }, 3_600_000);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) beginPolling();
    };
  }),
  "leak-map-late": leak(
    "heap",
    ["rememberVisitor", "Visitor"],
    (h) => {
      const visitors = new Map();
      const perTick = h.int(150, 500);
      let n = 0;
      class Visitor {
        constructor(k) {
          this.key = k;
          this.seen = [1, 2, 3];
          this.note = h.text(0.4);
        }
      }
      function rememberVisitor(k) {
        visitors.set(k, new Visitor(k));
      }
      return (i) => {
        h.churn();
        for (let k = 0; k < perTick; k++) rememberVisitor(i >= h.onset ? `v${n++}` : `v${k % 300}`);
      };
    },
    (h) => h.int(40, 95),
  ),
  "leak-pending-promises": leak("heap", ["awaitAck", "Pending"], (h) => {
    const acks = new Map();
    const perTick = h.int(40, 140);
    let n = 0;
    class Pending {
      constructor(resolve) {
        this.resolve = resolve;
        this.payload = h.text(0.8);
      }
    }
    function awaitAck() {
      return new Promise((resolve) => acks.set(n++, new Pending(resolve)));
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) void awaitAck().then(() => n);
    };
  }),
  "leak-async-context": leak("heap", ["runInContext", "startDetached"], (h) => {
    const storage = new AsyncLocalStorage();
    const detached = [];
    const perTick = h.int(20, 70);
    function startDetached() {
      detached.push(new Promise(() => undefined).then(() => storage.getStore()));
    }
    function runInContext() {
      storage.run({ user: h.text(2), trace: [] }, startDetached);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) runInContext();
    };
  }),
  "leak-buffers": leak("external", ["keepUpload"], (h) => {
    const kept = [];
    const perTick = h.int(2, 8);
    const kb = h.int(20, 100);
    function keepUpload() {
      const b = Buffer.allocUnsafeSlow(kb * 1024);
      b.fill(7);
      kept.push({ b });
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) keepUpload();
    };
  }),
  "leak-pooled-slices": leak("external", ["keepHeader"], (h) => {
    const kept = [];
    const perTick = h.int(80, 250);
    function keepHeader() {
      const b = Buffer.allocUnsafe(h.int(900, 2200));
      b.fill(1);
      kept.push(b.subarray(0, 16));
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) keepHeader();
    };
  }),
  "leak-tls-contexts": leak("native", ["contextFor"], (h) => {
    const kept = [];
    const perTick = h.int(5, 14);
    function contextFor() {
      kept.push(createSecureContext());
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) contextFor();
    };
  }),
  "leak-deflate-handles": leak("native", ["openStream"], (h) => {
    const kept = [];
    const every = h.int(1, 2);
    const body = Buffer.alloc(1000);
    function openStream() {
      const d = createDeflate();
      d.write(body);
      kept.push(d);
    }
    return (i) => {
      h.churn();
      if (i % every === 0) openStream();
    };
  }),
  "leak-workers-native": leak("native", ["spawnHelper"], (h) => {
    const kept = [];
    const every = h.int(9, 16);
    function spawnHelper() {
      const w = new Worker("setInterval(() => {}, 1e6)", { eval: true });
      w.unref();
      kept.push(w);
    }
    return (i) => {
      h.churn();
      if (i % every === every - 1) spawnHelper();
    };
  }),
  "leak-wasm-memory": leak("external", ["instanceFor"], (h) => {
    const kept = [];
    const every = h.int(1, 3);
    function instanceFor() {
      const m = new WebAssembly.Memory({ initial: 3 });
      new Uint8Array(m.buffer).fill(1);
      kept.push(m);
    }
    return (i) => {
      h.churn();
      if (i % every === 0) instanceFor();
    };
  }),
  "leak-slow": leak("heap", ["appendAudit", "AuditEntry"], (h) => {
    const rows = [];
    const perTick = h.int(30, 60);
    class AuditEntry {
      constructor() {
        this.at = 1;
        this.text = h.text(1);
      }
    }
    function appendAudit() {
      rows.push(new AuditEntry());
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) appendAudit();
    };
  }),
  "leak-slow-under-sawtooth": leak("heap", ["appendAudit", "AuditEntry"], (h) => {
    const rows = [];
    let batch = [];
    let left = h.int(10, 24);
    const perTick = h.int(45, 90);
    const kb = h.int(80, 200);
    class AuditEntry {
      constructor() {
        this.at = 1;
        this.text = h.text(1);
      }
    }
    function appendAudit() {
      rows.push(new AuditEntry());
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) appendAudit();
      for (let k = 0; k < 14; k++) batch.push(h.text(kb));
      if (--left === 0) {
        batch = [];
        left = h.int(10, 24);
      }
    };
  }),
  "leak-in-steps": leak("heap", ["importCatalog"], (h) => {
    const catalogs = [];
    const every = h.int(8, 18);
    const pieces = h.int(60, 160);
    function importCatalog() {
      const rows = [];
      for (let k = 0; k < pieces; k++) rows.push(h.text(20));
      catalogs.push(rows);
    }
    return (i) => {
      h.churn();
      if (i % every === every - 1) importCatalog();
    };
  }),
  "leak-under-load": leak("heap", ["trackRequest"], (h) => {
    const kept = [];
    const load = day(h, h.pick([1, 1.5, 2, 3]), h.random());
    const perTick = h.int(60, 140);
    function trackRequest() {
      kept.push({ path: h.text(1.1) });
    }
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      for (let k = 0; k < perTick * l; k++) trackRequest();
      return 0.1 + l;
    };
  }),
  "leak-noisy-load": leak("heap", ["trackRequest"], (h) => {
    const kept = [];
    let l = 1;
    const perTick = h.int(60, 140);
    function trackRequest() {
      kept.push({ path: h.text(1) });
    }
    return () => {
      l = Math.min(2.5, Math.max(0.2, l + (h.random() - 0.5) * 0.6));
      h.churn(l);
      for (let k = 0; k < perTick * l; k++) trackRequest();
      return l;
    };
  }),
  "leak-beside-warm-up": leak("heap", ["recordHit"], (h) => {
    const cache = new Map();
    const hits = [];
    let n = 0;
    const perTick = h.int(70, 140);
    const cap = h.int(300, 800);
    function recordHit() {
      hits.push({ at: n, agent: h.text(1) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < 12; k++) {
        cache.set(n++, h.text(20));
        if (cache.size > cap) cache.delete(cache.keys().next().value);
      }
      for (let k = 0; k < perTick; k++) recordHit();
    };
  }),
  "leak-log-backlog": leak("heap", ["enqueueLine"], (h) => {
    const backlog = [];
    const inn = h.int(110, 220);
    function enqueueLine() {
      backlog.push({ level: 30, text: h.text(1) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < inn; k++) enqueueLine();
      backlog.splice(0, h.int(20, 60));
    };
  }),
  "leak-number-series": leak("heap", ["observe"], (h) => {
    const series = new Map();
    const names = h.int(60, 160);
    const per = h.int(60, 120);
    function observe(name, v) {
      let s = series.get(name);
      if (!s) {
        s = [];
        series.set(name, s);
      }
      s.push(v);
    }
    return () => {
      h.churn();
      for (let k = 0; k < names; k++) for (let j = 0; j < per; j++) observe(k, h.random());
    };
  }),
  "leak-http-requests": leak("heap", ["keepRequest"], (h) => {
    const kept = [];
    const perTick = h.int(3, 8);
    function keepRequest(req, res) {
      kept.push({ req, res, trace: h.text(8) });
      res.end("ok");
    }
    const server = http.createServer(keepRequest).listen(0, "127.0.0.1");
    server.unref();
    const one = () =>
      new Promise((done) => {
        http
          .get({ port: server.address().port, agent: false }, (r) => {
            r.resume();
            r.on("close", done);
          })
          .on("error", done);
      });
    return async () => {
      h.churn();
      await Promise.all(Array.from({ length: perTick }, one));
    };
  }),
  "leak-session-store": leak("heap", ["openSession"], (h) => {
    const sessions = new Map();
    let n = 0;
    const inn = h.int(14, 30);
    const lose = 0.1 + 0.3 * h.random();
    function openSession() {
      sessions.set(n, { id: n++, cart: h.text(8) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < inn; k++) {
        openSession();
        if (n > 40 && h.random() > lose) sessions.delete(n - 40);
      }
    };
  }),
  "leak-heavy-churn": leak("heap", ["retainTicket"], (h) => {
    const kept = [];
    const perTick = h.int(80, 200);
    let q = [];
    function retainTicket() {
      kept.push({ text: h.text(1) });
    }
    return () => {
      h.churn(2.5);
      for (let k = 0; k < perTick; k++) retainTicket();
      for (let k = 0; k < 60; k++) q.push(h.text(30));
      if (q.length > 200) q = q.slice(-60);
    };
  }),
  "leak-late-in-external": leak(
    "external",
    ["keepFrame"],
    (h) => {
      const kept = [];
      const perTick = h.int(2, 6);
      function keepFrame() {
        const b = Buffer.alloc(40 * 1024, 3);
        kept.push(b);
      }
      return (i) => {
        h.churn();
        for (let k = 0; k < perTick; k++)
          if (i >= h.onset) keepFrame();
          else Buffer.alloc(40 * 1024, 3);
      };
    },
    (h) => h.int(30, 100),
  ),
  "leak-beside-step": leak("heap", ["noteEvent"], (h) => {
    const kept = [];
    const data = [];
    const at = h.int(20, 200);
    const perTick = h.int(70, 160);
    function noteEvent() {
      kept.push({ text: h.text(1) });
    }
    return (i) => {
      h.churn();
      if (i === at) for (let k = 0; k < 120; k++) data.push(h.text(100));
      for (let k = 0; k < perTick; k++) noteEvent();
    };
  }),

  // ---- healthy ----
  "ok-lru-warm-up": healthy((h) => {
    const m = new Map();
    let n = 0;
    const cap = h.int(500, 1400);
    const fill = 0.15 + 0.32 * h.random();
    const per = cap / (fill * h.ticks);
    let credit = 0;
    return () => {
      h.churn();
      for (credit += per; credit >= 1; credit--) {
        m.set(n++, h.text(40));
        if (m.size > cap) m.delete(m.keys().next().value);
      }
    };
  }),
  "ok-keyspace-warm-up": healthy((h) => {
    const m = new Map();
    const keys = h.int(800, 2500);
    const per = Math.round(keys / h.int(15, 45));
    const kb = h.int(8, 24);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) {
        const key = h.int(0, keys);
        if (!m.has(key)) m.set(key, h.text(kb));
      }
    };
  }),
  "ok-sawtooth": healthy((h) => {
    let b = [];
    const period = h.int(9, 30);
    const per = h.int(8, 18);
    const off = h.int(0, period - 1);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(180));
      if (i % period === off) b = [];
    };
  }),
  "ok-random-sawtooth": healthy((h) => {
    let b = [];
    let left = h.int(8, 28);
    const per = h.int(8, 18);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(160));
      if (--left === 0) {
        b = [];
        left = h.int(8, 28);
      }
    };
  }),
  "ok-long-sawtooth": healthy((h) => {
    let b = [];
    const period = h.int(40, 80);
    const per = h.int(3, 8);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(100));
      if (i % period === period - 1) b = [];
    };
  }),
  "ok-day-curve": healthy((h) => {
    const q = [];
    const load = day(h, h.pick([0.75, 1, 1.5, 2]), h.random());
    const span = h.int(200, 500);
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      const want = Math.round(80 + span * l);
      while (q.length < want) q.push(h.text(50));
      while (q.length > want) q.shift();
      return 0.2 + l;
    };
  }),
  "ok-load-ramp": healthy((h) => {
    const q = [];
    const from = h.random() * 0.3;
    const to = from + 0.3 + 0.4 * h.random();
    const span = h.int(300, 800);
    return (i) => {
      const l = 0.3 + 1.7 * Math.min(1, Math.max(0, (h.fraction(i) - from) / (to - from)));
      h.churn(0.4 + 0.4 * l);
      const want = Math.round(span * l * 0.6);
      while (q.length < want) q.push(h.text(40));
      while (q.length > want) q.shift();
      return l;
    };
  }),
  "ok-load-walk": healthy((h) => {
    const q = [];
    let l = 1;
    const span = h.int(200, 500);
    return () => {
      l = Math.min(2.5, Math.max(0.2, l + (h.random() - 0.5) * 0.25));
      h.churn(l);
      const want = Math.round(span * l);
      while (q.length < want) q.push(h.text(40));
      while (q.length > want) q.shift();
      return l;
    };
  }),
  "ok-bursts": healthy((h) => {
    let live = [];
    const p = 0.03 + 0.05 * h.random();
    return (i) => {
      h.churn();
      if (h.random() < p)
        for (let k = h.int(60, 300); k > 0; k--) live.push({ until: i + h.int(5, 40), t: h.text(40) });
      live = live.filter((x) => x.until > i);
    };
  }),
  "ok-steps": healthy((h) => {
    const d = [];
    const at = [h.int(20, 110), h.int(120, 220)].slice(0, h.int(1, 2));
    const size = h.int(80, 220);
    return (i) => {
      h.churn();
      if (at.includes(i)) for (let k = 0; k < size; k++) d.push(h.text(150));
    };
  }),
  "ok-refill": healthy((h) => {
    const m = new Map();
    let n = 0;
    const period = h.int(45, 110);
    const per = h.int(10, 22);
    const cap = Math.round(per * period * 0.75);
    return (i) => {
      h.churn();
      if (i && i % period === 0) m.clear();
      for (let k = 0; k < per; k++) {
        m.set(n++, h.text(36));
        if (m.size > cap) m.delete(m.keys().next().value);
      }
    };
  }),
  "ok-idle": healthy((h) => {
    const per = h.int(1, 5);
    return () => {
      for (let k = 0; k < per; k++) h.text(20);
      return 0.02;
    };
  }),
  "ok-queue-drains": healthy((h) => {
    const q = [];
    const from = 0.1 + 0.5 * h.random();
    const to = from + 0.12 + 0.18 * h.random();
    const inn = h.int(20, 45);
    return (i) => {
      h.churn();
      const f = h.fraction(i);
      for (let k = 0; k < inn; k++) q.push(h.text(10));
      q.splice(0, f > from && f < to ? Math.round(inn * 0.4) : inn * 2);
    };
  }),
  "ok-fragmentation": healthy((h) => {
    const pool = [];
    const want = h.int(300, 700);
    return () => {
      h.churn();
      for (let k = 0; k < 60; k++) pool.push(Buffer.alloc(h.int(2, 60) * 1024, 1));
      while (pool.length > want) pool.splice(h.int(0, pool.length - 1), 1);
    };
  }),
  "ok-buffer-pool": healthy((h) => {
    const pool = [];
    const cap = h.int(200, 600);
    const per = cap / ((0.15 + 0.3 * h.random()) * h.ticks);
    let credit = 0;
    return () => {
      h.churn();
      for (credit += per; credit >= 1; credit--) if (pool.length < cap) pool.push(Buffer.alloc(64 * 1024, 1));
    };
  }),
  "ok-ttl-store": healthy((h) => {
    const m = new Map();
    let n = 0;
    const ttl = h.int(20, 90);
    const per = h.int(10, 30);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) m.set(n++, { at: i, t: h.text(20) });
      for (const [k, v] of m) {
        if (v.at > i - ttl) break;
        m.delete(k);
      }
    };
  }),
  "ok-vocabulary": healthy((h) => {
    const seen = new Map();
    const size = h.int(20_000, 60_000);
    const s = 1.05;
    return () => {
      h.churn();
      for (let k = 0; k < 400; k++) {
        const w = Math.floor(size * h.random() ** (4 * s));
        if (!seen.has(w)) seen.set(w, h.text(0.6));
      }
    };
  }),
  "ok-compiled-templates": healthy((h) => {
    const done = [];
    const cap = h.int(300, 900);
    const per = h.int(3, 12);
    return () => {
      h.churn();
      for (let k = 0; k < per && done.length < cap; k++) {
        const f = new Function(
          "x",
          `/*${"y".repeat(3000)}${done.length}*/ let s = 0; for (let i = 0; i < 50; i++) s += x * i + ${done.length}; return s`,
        );
        for (let j = 0; j < 50; j++) f(j);
        done.push(f);
      }
    };
  }),
  "ok-weak-cache": healthy((h) => {
    const m = new Map();
    let n = 0;
    const per = h.int(8, 25);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) m.set(n++ % 4000, new WeakRef({ t: h.text(20) }));
    };
  }),
  "ok-short-buffers": healthy((h) => {
    const per = h.int(4, 20);
    const kb = h.int(30, 120);
    return () => {
      h.churn();
      let x = 0;
      for (let k = 0; k < per; k++) x += Buffer.alloc(kb * 1024, 1).length;
      return 1 + 0 * x;
    };
  }),
  "ok-nightly-job": healthy((h) => {
    let d = null;
    const at = h.int(30, 120);
    const run = h.int(10, 50);
    return (i) => {
      h.churn();
      if (i % at === at - 1) d = [];
      if (d) {
        for (let k = 0; k < 12; k++) d.push(h.text(100));
        if (i % at === run % at && i > at) d = null;
      }
    };
  }),
  "ok-worker-pool": healthy((h) => {
    const kept = [];
    const max = h.int(2, 5);
    const every = h.int(8, 20);
    return (i) => {
      h.churn();
      if (i % every === every - 1 && kept.length < max) {
        const w = new Worker("setInterval(() => {}, 1e6)", { eval: true });
        w.unref();
        kept.push(w);
      }
    };
  }),
  "ok-middle-aged-queue": healthy((h) => {
    const q = [];
    const len = h.int(100, 400);
    const per = h.int(6, 20);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) {
        q.push(h.text(40));
        if (q.length > len) q.shift();
      }
    };
  }),
  "ok-compression": healthy((h) => {
    const per = h.int(3, 9);
    let last = [];
    return () => {
      h.churn();
      last = [];
      for (let k = 0; k < per; k++) last.push(deflateSync(h.text(100)));
    };
  }),
  "ok-declining": healthy((h) => {
    const d = [];
    for (let k = 0; k < 300; k++) d.push(h.text(100));
    return (i) => {
      h.churn();
      if (i % 3 === 0) d.shift();
    };
  }),
  "ok-ring-history": healthy((h) => {
    const cap = Math.round(h.ticks * (0.25 + 0.2 * h.random()));
    const ring = [];
    const kb = h.int(60, 200);
    return () => {
      h.churn();
      ring.push({ t: [h.text(kb / 2), h.text(kb / 2)] });
      if (ring.length > cap) ring.shift();
    };
  }),
};
