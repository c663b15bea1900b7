// Healthy: pools, code, and buffers that come and go.
import { createHash } from "node:crypto";
import { deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { healthy } from "./define.mjs";

export const healthyPools = {
  "ok-lazy-modules": healthy((h) => {
    const loaded = [];
    const count = h.int(200, 500);
    const per = h.int(3, 9);
    return () => {
      h.churn();
      for (let k = 0; k < per && loaded.length < count; k++) {
        const lines = Array.from({ length: 30 }, (_, j) => `exports.f${j} = (x) => x * ${j} + ${loaded.length};`);
        const exports = {};
        new Function("exports", lines.join("\n"))(exports);
        loaded.push(exports);
      }
    };
  }),
  "ok-large-uploads": healthy((h) => {
    let uploads = [];
    const chance = 0.1 + 0.3 * h.random();
    return (i) => {
      h.churn();
      if (h.random() < chance) uploads.push({ until: i + h.int(1, 8), body: Buffer.alloc(h.int(1, 6) << 20, 1) });
      uploads = uploads.filter((u) => u.until > i);
    };
  }),
  "ok-buffer-ring": healthy((h) => {
    const ring = [];
    const cap = h.int(40, 100);
    return () => {
      h.churn();
      ring.push(Buffer.alloc(256 * 1024, 1));
      if (ring.length > cap) ring.shift();
    };
  }),
  "ok-connection-pool": healthy((h) => {
    const pool = [];
    const most = h.int(20, 60);
    return (i) => {
      h.churn();
      if (i % 2 === 0 && pool.length < most) pool.push({ in: Buffer.alloc(128 * 1024), state: h.text(40) });
      for (const c of pool) c.in.fill(i & 255);
    };
  }),
  "ok-mixed-sizes": healthy((h) => {
    const slots = new Array(h.int(200, 500)).fill(null);
    return () => {
      h.churn();
      for (let k = 0; k < 40; k++)
        slots[h.int(0, slots.length - 1)] = Buffer.allocUnsafeSlow(h.int(4, 200) * 1024).fill(1);
    };
  }),
  "ok-crypto-work": healthy((h) => {
    const kb = h.int(50, 200);
    return () => {
      h.churn();
      for (let k = 0; k < 12; k++)
        createHash("sha256")
          .update(Buffer.alloc(kb * 1024))
          .digest();
      gunzipSync(gzipSync(h.text(200)));
      deflateRawSync(h.text(100));
    };
  }),
  "ok-finalized-views": healthy((h) => {
    const registry = new FinalizationRegistry(() => undefined);
    const per = h.int(10, 40);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) {
        const view = { t: h.text(6) };
        registry.register(view, k);
      }
    };
  }),
};
