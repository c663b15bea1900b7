// Healthy: pools, short-lived buffers, fragments and threads, off the heap.
import { Worker } from "node:worker_threads";
import { deflateSync } from "node:zlib";
import { healthy } from "./define.mjs";

export const healthyOffHeap = {
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
  "ok-compression": healthy((h) => {
    const per = h.int(3, 9);
    let last = [];
    return () => {
      h.churn();
      last = [];
      for (let k = 0; k < per; k++) last.push(deflateSync(h.text(100)));
    };
  }),
};
