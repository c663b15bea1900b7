// Healthy programs whose growth levels off late: code that is compiled when it is first needed, caches with a long tail of keys.
import { Script } from "node:vm";
import { each, healthy } from "./define.mjs";

/** Source of a function that no other has, of about `kb` KiB. */
const source = (n, kb) =>
  `(x) => { ${Array.from({ length: Math.ceil(kb * 12) }, (_, j) => `const v${j} = x * ${n + j} + ${j};`).join(" ")} return v0; }`;

export const healthyLate = {
  "ok-routes-compiled": healthy((h) => {
    const routes = new Map();
    const all = h.int(300, 900);
    const perTick = h.int(2, 6);
    const skew = 1.5 + 1.5 * h.random();
    return each(h, perTick, () => {
      const route = Math.floor(all * h.random() ** skew);
      if (!routes.has(route)) routes.set(route, new Script(source(route, 4)).runInThisContext());
      for (let n = 0; n < 200; n++) routes.get(route)(n);
    });
  }),
  "ok-code-by-decay": healthy((h) => {
    const compiled = [];
    const tau = h.int(40, 110);
    const most = h.int(400, 1200);
    return (i) => {
      h.churn();
      while (compiled.length < most * (1 - Math.exp(-i / tau)))
        compiled.push(new Function("x", `return (${source(compiled.length, 2)})(x)`));
      for (const f of compiled.slice(-20)) for (let n = 0; n < 100; n++) f(n);
    };
  }),
  "ok-long-tail-cache": healthy((h) => {
    const cache = new Map();
    const keys = h.int(4_000, 30_000);
    const perTick = h.int(60, 250);
    const skew = 2 + 3 * h.random();
    const kb = h.int(1, 4);
    return each(h, perTick, () => {
      const key = Math.floor(keys * h.random() ** skew);
      if (!cache.has(key)) cache.set(key, h.text(kb));
    });
  }),
  "ok-zipf-lru": healthy((h) => {
    const cache = new Map();
    const cap = h.int(1_500, 6_000);
    const span = Math.log(h.int(20_000, 200_000));
    const perTick = h.int(60, 200);
    return each(h, perTick, () => {
      const key = Math.floor(Math.exp(span * h.random()));
      const value = cache.get(key) ?? h.text(4);
      cache.delete(key);
      cache.set(key, value);
      if (cache.size > cap) cache.delete(cache.keys().next().value);
    });
  }),
  "ok-ttl-of-most-of-an-hour": healthy((h) => {
    const kept = [];
    const ttl = h.int(60, 105);
    const perTick = h.int(40, 140);
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick; k++) kept.push({ until: i + ttl, row: h.text(1) });
      let gone = 0;
      while (kept[gone]?.until <= i) gone += 1;
      kept.splice(0, gone);
    };
  }),
};
