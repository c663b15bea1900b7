// Healthy: caches, stores and data sets that fill, refill, expire or shrink.
import { healthy } from "./define.mjs";

export const healthyCaches = {
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
  "ok-weak-cache": healthy((h) => {
    const m = new Map();
    let n = 0;
    const per = h.int(8, 25);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) m.set(n++ % 4000, new WeakRef({ t: h.text(20) }));
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
  "ok-steps": healthy((h) => {
    const d = [];
    const at = [h.int(20, 110), h.int(120, 220)].slice(0, h.int(1, 2));
    const size = h.int(80, 220);
    return (i) => {
      h.churn();
      if (at.includes(i)) for (let k = 0; k < size; k++) d.push(h.text(150));
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
};
