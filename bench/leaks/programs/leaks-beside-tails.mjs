// Leaks that are small, or that go on beside a cache whose growth slows down.
import { each, leak } from "./define.mjs";

export const leaksBesideTails = {
  "leak-small-steady": leak("heap", ["note"], (h) => {
    const notes = [];
    const perTick = h.int(20, 60);
    function note() {
      notes.push({ text: h.text(0.6), at: notes.length });
    }
    return each(h, perTick, note);
  }),
  "leak-by-chance": leak("heap", ["keepFailed"], (h) => {
    const failed = [];
    const share = 0.2 + 0.4 * h.random();
    const kb = h.int(1, 4);
    function keepFailed() {
      if (h.random() < share) failed.push(h.text(kb));
    }
    return each(h, h.int(20, 60), keepFailed);
  }),
  "leak-beside-tail": leak("heap", ["trace"], (h) => {
    const traces = [];
    const cache = new Map();
    const keys = h.int(3_000, 12_000);
    const perTick = h.int(30, 80);
    function trace() {
      traces.push({ span: h.text(1) });
    }
    return each(h, perTick, () => {
      trace();
      const key = Math.floor(keys ** h.random());
      if (!cache.has(key)) cache.set(key, h.text(1.5));
    });
  }),
  "leak-keys-never-seen-again": leak("heap", ["limitOf"], (h) => {
    const limits = new Map();
    const perTick = h.int(20, 80);
    let n = 0;
    function limitOf(id) {
      if (!limits.has(id)) limits.set(id, { id, hits: [], window: h.text(0.4) });
      return limits.get(id);
    }
    return each(h, perTick, () => {
      limitOf(n++);
      limitOf(h.int(0, n - 1)).hits.push(n);
    });
  }),
  "leak-compiled-each-time": leak("heap", ["compile"], (h) => {
    const compiled = [];
    const perTick = h.int(3, 9);
    let n = 0;
    function compile() {
      compiled.push(new Function("x", `/*${n++} ${"t".repeat(4_000)}*/ return x * ${n};`));
    }
    return each(h, perTick, compile);
  }),
};
