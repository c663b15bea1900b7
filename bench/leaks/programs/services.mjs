// Services as they are: scopes, queues, rules and replies that nothing releases, beside caches, sessions and imports that end.
import { EventEmitter } from "node:events";
import { each, healthy, leak } from "./define.mjs";

const code = (n) =>
  `const t = [${Array.from({ length: 60 }, (_, j) => `{ k: "${n}-${j}", v: ${n * j} }`).join(",")}]; return t[x % 60].v + x;`;

export const services = {
  "leak-request-scopes": leak("heap", ["openScope"], (h) => {
    const scopes = new Map();
    const perTick = h.int(15, 60);
    let n = 0;
    function openScope() {
      const scope = { id: n, locals: { user: h.text(0.8), trace: [n, n + 1] }, parent: scopes.get(n - 1) ?? null };
      scopes.set(n++, scope);
    }
    return each(h, perTick, openScope);
  }),
  "leak-audit-beside-cache": leak("heap", ["writeAudit"], (h) => {
    const audit = [];
    const cache = new Map();
    const cap = h.int(200, 600);
    const perTick = h.int(60, 140);
    let n = 0;
    function writeAudit() {
      audit.push({ at: n++, what: h.text(0.7) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < 20; k++) cache.set(h.int(0, cap), h.text(10));
      for (let k = 0; k < perTick; k++) writeAudit();
    };
  }),
  "leak-retry-queue": leak(
    "heap",
    ["enqueueRetry"],
    (h) => {
      const queue = [];
      const perTick = h.int(10, 30);
      function enqueueRetry() {
        queue.push({ body: h.text(5), attempts: [Date.now()] });
      }
      return (i) => {
        h.churn();
        if (i >= h.onset) for (let k = 0; k < perTick; k++) enqueueRetry();
      };
    },
    (h) => h.int(20, 70),
  ),
  "leak-emitters": leak("heap", ["follow"], (h) => {
    const bus = new EventEmitter();
    bus.setMaxListeners(0);
    const perTick = h.int(40, 120);
    function follow() {
      const seen = h.text(0.6);
      bus.on("tick", () => seen.length);
    }
    return each(h, perTick, follow);
  }),
  "leak-body-buffers": leak("arrayBuffers", ["keepBody"], (h) => {
    const bodies = [];
    const perTick = h.int(2, 6);
    function keepBody() {
      bodies.push(Buffer.alloc(h.int(20, 60) * 1024, 1));
    }
    return () => {
      h.churn();
      for (let k = 0; k < 10; k++) Buffer.alloc(50_000).fill(1);
      for (let k = 0; k < perTick; k++) keepBody();
    };
  }),
  "leak-typed-columns": leak("arrayBuffers", ["appendColumn"], (h) => {
    const columns = [];
    const rows = h.int(4_000, 16_000);
    function appendColumn() {
      columns.push(new Float64Array(rows));
    }
    return () => {
      h.churn();
      for (let k = 0; k < 2; k++) appendColumn();
    };
  }),
  "leak-per-user-rules": leak("heap", ["compileRule"], (h) => {
    const rules = new Map();
    const perTick = h.int(6, 16);
    let n = 0;
    function compileRule() {
      const rule = new Function("x", code(n));
      rule(1);
      rules.set(n++, rule);
    }
    return each(h, perTick, compileRule);
  }),
  "leak-unsettled": leak("heap", ["waitForReply"], (h) => {
    const waiting = new Map();
    const perTick = h.int(25, 80);
    let n = 0;
    function waitForReply() {
      const request = h.text(1);
      waiting.set(n++, (reply) => [request, reply]);
    }
    return (i) => {
      h.churn(0.7 + 0.3 * Math.sin(i / 20));
      for (let k = 0; k < perTick; k++) waitForReply();
    };
  }),
  "ok-parsers-on-demand": healthy((h) => {
    const parsers = new Map();
    const tenants = h.int(300, 900);
    const perTick = h.int(4, 10);
    return each(h, perTick, () => {
      const id = Math.floor(tenants * h.random() ** 2.5);
      if (!parsers.has(id)) parsers.set(id, new Function("x", code(id)));
      for (let n = 0; n < 50; n++) parsers.get(id)(n);
    });
  }),
  "ok-translations": healthy((h) => {
    const known = new Map();
    const phrases = h.int(3_000, 12_000);
    const perTick = h.int(40, 160);
    return each(h, perTick, () => {
      // Zipf by the product of two uniforms: a few phrases all the time, most of them once a day.
      const id = Math.floor(phrases * h.random() * h.random() * h.random());
      if (!known.has(id)) known.set(id, { id, text: h.text(2), words: h.text(0.5).split("a") });
    });
  }),
  "ok-users-of-the-day": healthy((h) => {
    const profiles = new Map();
    const users = h.int(600, 2_000);
    const perTick = Math.round(users / h.int(30, 60));
    return each(h, perTick, () => {
      const id = h.int(0, users);
      if (!profiles.has(id)) profiles.set(id, { name: h.text(0.2), history: h.text(12) });
    });
  }),
  "ok-tls-like-sessions": healthy((h) => {
    const sessions = [];
    const cap = h.int(400, 900);
    const perTick = h.int(8, 20);
    return each(h, perTick, (k) => {
      sessions.push({ ticket: h.text(10), at: k });
      if (sessions.length > cap) sessions.shift();
    });
  }),
  "ok-bulk-imports": healthy((h) => {
    let rows = [];
    const every = h.int(20, 50);
    return (i) => {
      h.churn();
      if (i % every < 6) for (let k = 0; k < 60; k++) rows.push(h.text(30));
      else rows = [];
    };
  }),
  "ok-scratch-buffers": healthy((h) => {
    let last = [];
    const perTick = h.int(3, 9);
    return () => {
      h.churn();
      last = Array.from({ length: perTick }, () => Buffer.alloc(h.int(100, 900) * 1024, 1));
      return 1 + 0 * last.length;
    };
  }),
  "ok-response-index": healthy((h) => {
    const index = new Map();
    const pages = h.int(2_000, 8_000);
    const ratio = 3 + 4 * h.random();
    return (i) => {
      h.churn();
      // Fast at first, then ever slower, as a crawler that has seen most of the site.
      const want = Math.round((pages * Math.log1p((ratio * 8 * i) / h.ticks)) / Math.log1p(ratio * 8));
      for (let id = index.size; id < want; id++) index.set(id, h.text(3));
    };
  }),
};
