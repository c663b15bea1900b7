// Healthy: growth with a reason that ends, comes late, slows down, or follows what the service does.
import { day, healthy } from "./define.mjs";

export const healthyCourses = {
  "ok-two-caches": healthy((h) => {
    const [one, two] = [[], []];
    const caps = [h.int(300, 700), h.int(300, 700)];
    const second = h.int(60, 120);
    return (i) => {
      h.churn();
      for (let k = 0; k < 10; k++) {
        if (one.length < caps[0]) one.push(h.text(30));
        if (i > second && two.length < caps[1]) two.push(h.text(30));
      }
    };
  }),
  "ok-late-cache": healthy((h) => {
    const m = new Map();
    const from = h.int(40, 130);
    const per = h.int(8, 16);
    const cap = per * h.int(20, 60);
    let n = 0;
    return (i) => {
      h.churn();
      if (i < from) return;
      for (let k = 0; k < per; k++) {
        m.set(n++, h.text(40));
        if (m.size > cap) m.delete(m.keys().next().value);
      }
    };
  }),
  "ok-load-step": healthy((h) => {
    const q = [];
    const at = h.int(70, 150);
    const span = h.int(200, 500);
    return (i) => {
      const l = i < at ? 0.6 : 1.6;
      h.churn(0.4 + 0.4 * l);
      const want = Math.round(span * l);
      while (q.length < want) q.push(h.text(40));
      while (q.length > want) q.shift();
      return l;
    };
  }),
  "ok-long-requests": healthy((h) => {
    let open = [];
    const load = day(h, h.pick([1, 1.5]), -0.25);
    const per = h.int(8, 20);
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      for (let k = 0; k < per * l; k++) open.push({ until: i + h.int(3, 15), body: h.text(30) });
      open = open.filter((x) => x.until > i);
      return 0.2 + l;
    };
  }),
  "ok-big-burst": healthy((h) => {
    let held = [];
    const at = h.int(50, 150);
    const lasts = h.int(8, 30);
    return (i) => {
      h.churn();
      if (i >= at && i < at + lasts) for (let k = 0; k < 30; k++) held.push(h.text(50));
      if (i === at + lasts + 10) held = [];
    };
  }),
  "ok-saturating-index": healthy((h) => {
    const index = [];
    const most = h.int(800, 1800);
    const tau = h.int(15, 40);
    return (i) => {
      h.churn();
      const want = Math.round(most * (1 - Math.exp(-i / tau)));
      while (index.length < want) index.push(h.text(24));
    };
  }),
  "ok-ttl-under-load": healthy((h) => {
    const m = new Map();
    const load = day(h, 1.5, h.random());
    const ttl = h.int(10, 40);
    const per = h.int(10, 25);
    let n = 0;
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      for (let k = 0; k < per * l; k++) m.set(n++, { at: i, t: h.text(20) });
      for (const [k, v] of m) {
        if (v.at > i - ttl) break;
        m.delete(k);
      }
      return 0.2 + l;
    };
  }),
  "ok-hourly-flush": healthy((h) => {
    let buffered = [];
    const period = h.int(100, 125);
    const per = h.int(60, 160);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) buffered.push({ metric: h.text(0.5) });
      if (i % period === period - 1) buffered = [];
    };
  }),
};
