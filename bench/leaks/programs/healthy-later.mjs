// Healthy services of everyday: hot sets, batches with pauses, connections that come and go, reports, outages.
import { healthy } from "./define.mjs";

export const healthyLater = {
  "ok-hot-set": healthy((h) => {
    const cache = new Map();
    const cap = h.int(500, 1000);
    const keys = cap * h.int(2, 6);
    const kb = h.int(20, 50);
    return () => {
      h.churn();
      for (let k = 0; k < 60; k++) {
        const key = Math.floor(keys * h.random() ** 3);
        const value = cache.get(key) ?? h.text(kb);
        cache.delete(key);
        cache.set(key, value);
        if (cache.size > cap) cache.delete(cache.keys().next().value);
      }
    };
  }),
  "ok-batch-with-pauses": healthy((h) => {
    let batch = [];
    let left = h.int(11, 22);
    const kb = h.int(120, 240);
    return () => {
      h.churn();
      if (left-- > 0) for (let k = 0; k < 14; k++) batch.push(h.text(kb));
      else {
        batch = [];
        left = h.int(11, 22);
      }
    };
  }),
  "ok-connections": healthy((h) => {
    let open = [];
    const perTick = h.int(8, 25);
    const stay = h.int(8, 40);
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick; k++) open.push({ until: i + h.int(1, 2 * stay), state: h.text(24) });
      open = open.filter((c) => c.until > i);
    };
  }),
  "ok-reports": healthy((h) => {
    let report = null;
    const every = h.int(35, 60);
    const lasts = h.int(5, 12);
    return (i) => {
      h.churn();
      if (i % every === every - lasts) report = [];
      if (report) for (let k = 0; k < 40; k++) report.push(h.text(100));
      if (i % every === 0) report = null;
    };
  }),
  "ok-reused-buffers": healthy((h) => {
    const ring = Array.from({ length: h.int(60, 200) }, () => Buffer.alloc(64 * 1024));
    const perTick = h.int(10, 40);
    let n = 0;
    return () => {
      h.churn();
      let x = 0;
      for (let k = 0; k < perTick; k++) x += ring[n++ % ring.length].fill(k).subarray(0, 100).toString("hex").length;
      return 1 + 0 * x;
    };
  }),
  "ok-outage-queue": healthy((h) => {
    const queue = [];
    const from = h.int(30, 120);
    const to = from + h.int(30, 70);
    const perTick = h.int(15, 40);
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick; k++) queue.push(h.text(12));
      if (i < from || i > to) queue.splice(0, perTick * 2);
    };
  }),
  "ok-tenants-on-demand": healthy((h) => {
    const loaded = new Map();
    const tenants = h.int(25, 60);
    const kb = h.int(300, 800);
    return () => {
      h.churn();
      if (h.random() < 0.5) {
        const tenant = Math.floor(tenants * h.random());
        if (!loaded.has(tenant))
          loaded.set(
            tenant,
            Array.from({ length: 10 }, () => h.text(kb / 10)),
          );
      }
    };
  }),
  "ok-metrics-window": healthy((h) => {
    const buckets = new Array(h.int(40, 90)).fill(null);
    const per = h.int(40, 120);
    return (i) => {
      h.churn();
      buckets[i % buckets.length] = Array.from({ length: per }, () => ({ name: h.text(0.3), value: h.random() }));
    };
  }),
};
