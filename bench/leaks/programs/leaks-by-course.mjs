// Leaks with a course of their own in time: errors that come in storms, a rate that doubles, a deployment half way, a weekend.
import { day, leak } from "./define.mjs";

export const leaksByCourse = {
  "leak-in-error-storms": leak("heap", ["parkRetry"], (h) => {
    const parked = [];
    const chance = 0.15 + 0.25 * h.random();
    const burst = h.int(200, 500);
    function parkRetry() {
      parked.push({ body: h.text(1.2) });
    }
    return () => {
      h.churn();
      if (h.random() < chance) for (let k = 0; k < burst; k++) parkRetry();
    };
  }),
  "leak-rate-doubles": leak("heap", ["attachTrace"], (h) => {
    const traces = [];
    const perTick = h.int(50, 100);
    const at = h.int(90, 150);
    function attachTrace() {
      traces.push({ spans: h.text(1) });
    }
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick * (i < at ? 1 : 2); k++) attachTrace();
    };
  }),
  "leak-after-deploy": leak(
    "heap",
    ["registerHook"],
    (h) => {
      const hooks = [];
      const perTick = h.int(90, 220);
      function registerHook() {
        hooks.push({ source: h.text(1), ran: 0 });
      }
      return (i) => {
        h.churn();
        if (i >= h.onset) for (let k = 0; k < perTick; k++) registerHook();
      };
    },
    (h) => h.int(60, 120),
  ),
  "leak-by-day-curve": leak("heap", ["cacheSession"], (h) => {
    const sessions = new Map();
    const load = day(h, 1.5);
    const perTick = h.int(60, 130);
    let n = 0;
    function cacheSession() {
      sessions.set(n++, { cart: h.text(1) });
    }
    return (i) => {
      const l = load(i);
      h.churn(0.4 + l * 0.6);
      for (let k = 0; k < perTick * l; k++) cacheSession();
      return 0.2 + l;
    };
  }),
  "leak-beside-refills": leak("heap", ["appendOutbox"], (h) => {
    const cache = new Map();
    const outbox = [];
    const period = h.int(30, 60);
    const perTick = h.int(120, 220);
    let n = 0;
    function appendOutbox() {
      outbox.push({ text: h.text(1) });
    }
    return (i) => {
      h.churn();
      if (i && i % period === 0) cache.clear();
      for (let k = 0; k < 5; k++) cache.set(n++, h.text(30));
      for (let k = 0; k < perTick; k++) appendOutbox();
    };
  }),
};
