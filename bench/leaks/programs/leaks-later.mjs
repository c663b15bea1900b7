// Leaks as services have them: subscriptions, plan caches and trees that nothing releases, beside the work that hides them.
import { each, leak } from "./define.mjs";

export const leaksLater = {
  "leak-subscriptions": leak("heap", ["subscribe"], (h) => {
    const topics = new Map();
    const perTick = h.int(30, 110);
    let n = 0;
    function subscribe(topic) {
      const client = { id: n++, queue: h.text(1.2) };
      if (!topics.has(topic)) topics.set(topic, new Set());
      topics.get(topic).add(() => client.queue);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) subscribe(h.int(0, 20));
    };
  }),
  "leak-batch-ledger": leak("heap", ["post"], (h) => {
    const ledger = [];
    const perTick = h.int(45, 90);
    const kb = h.int(120, 240);
    let batch = [];
    let left = h.int(11, 22);
    function post() {
      ledger.push({ at: 1, text: h.text(1) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) post();
      if (left-- > 0) for (let k = 0; k < 14; k++) batch.push(h.text(kb));
      else {
        batch = [];
        left = h.int(11, 22);
      }
    };
  }),
  "leak-thumbnails-beside-uploads": leak("external", ["keepThumbnail"], (h) => {
    const kept = [];
    let uploads = [];
    const kb = h.int(60, 150);
    const chance = 0.2 + 0.3 * h.random();
    function keepThumbnail() {
      kept.push(Buffer.alloc(kb * 1024, 1));
    }
    return (i) => {
      h.churn();
      keepThumbnail();
      if (h.random() < chance) uploads.push({ until: i + h.int(1, 4), body: Buffer.alloc(h.int(1, 3) << 20, 1) });
      uploads = uploads.filter((u) => u.until > i);
    };
  }),
  "leak-query-plans": leak("heap", ["planFor"], (h) => {
    const plans = new Map();
    const perTick = h.int(6, 16);
    const kb = h.int(4, 12);
    let n = 0;
    function planFor(sql) {
      let plan = plans.get(sql);
      if (!plan) {
        plan = { sql, steps: [h.text(kb / 2), h.text(kb / 2)] };
        plans.set(sql, plan);
      }
      return plan;
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) planFor(`select * from orders where id = ${n++}`);
      for (let k = 0; k < 40; k++) planFor(`select ${k}`);
    };
  }),
  "leak-abort-listeners": leak("heap", ["fetchUnderSignal"], (h) => {
    const shutdown = new AbortController();
    const perTick = h.int(20, 70);
    function fetchUnderSignal() {
      const body = h.text(1.5);
      shutdown.signal.addEventListener("abort", () => body.length);
    }
    return each(h, perTick, fetchUnderSignal);
  }),
  "leak-compiled-filters": leak("heap", ["compileFilter"], (h) => {
    const filters = [];
    const perTick = h.int(8, 24);
    let n = 0;
    function compileFilter() {
      const f = new Function("row", `/*${"f".repeat(3000)}${n++}*/ return row.total > ${n} && row.kind !== "${n}"`);
      f({ total: 1, kind: "" });
      filters.push(f);
    }
    return each(h, perTick, compileFilter);
  }),
  "leak-detached-trees": leak("heap", ["renderTree"], (h) => {
    const listeners = [];
    const perTick = h.int(3, 10);
    const width = h.int(20, 60);
    function renderTree() {
      const root = { children: [], parent: null };
      for (let k = 0; k < width; k++) root.children.push({ parent: root, text: h.text(0.2), children: [] });
      listeners.push(root.children[0]);
    }
    return each(h, perTick, renderTree);
  }),
  "leak-blobs": leak("native", ["keepBlob"], (h) => {
    const kept = [];
    const perTick = h.int(2, 5);
    function keepBlob() {
      kept.push(new Blob([Buffer.alloc(64 * 1024, 1)]));
    }
    return each(h, perTick, keepBlob);
  }),
};
