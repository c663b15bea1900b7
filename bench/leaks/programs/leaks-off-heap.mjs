// Leaks that used heap hardly shows: buffers, WebAssembly memories, TLS contexts, zlib handles, threads.
import { createSecureContext } from "node:tls";
import { Worker } from "node:worker_threads";
import { createDeflate } from "node:zlib";
import { each, leak } from "./define.mjs";

export const leaksOffHeap = {
  "leak-buffers": leak("external", ["keepUpload"], (h) => {
    const kept = [];
    const perTick = h.int(2, 8);
    const kb = h.int(20, 100);
    function keepUpload() {
      const b = Buffer.allocUnsafeSlow(kb * 1024);
      b.fill(7);
      kept.push({ b });
    }
    return each(h, perTick, keepUpload);
  }),
  "leak-pooled-slices": leak("external", ["keepHeader"], (h) => {
    const kept = [];
    const perTick = h.int(80, 250);
    function keepHeader() {
      const b = Buffer.allocUnsafe(h.int(900, 2200));
      b.fill(1);
      kept.push(b.subarray(0, 16));
    }
    return each(h, perTick, keepHeader);
  }),
  "leak-tls-contexts": leak("native", ["contextFor"], (h) => {
    const kept = [];
    const perTick = h.int(5, 14);
    function contextFor() {
      kept.push(createSecureContext());
    }
    return each(h, perTick, contextFor);
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
};
