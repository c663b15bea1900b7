// Heap leaks that something else hides: slowness, batches, load, a cache that fills, churn.
import { day, each, leak } from "./define.mjs";

export const leaksHidden = {
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
    return each(h, perTick, appendAudit);
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
};
