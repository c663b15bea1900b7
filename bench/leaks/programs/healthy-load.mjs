// Healthy: batches, bursts, queues, jobs and everything that follows the load.
import { day, healthy } from "./define.mjs";

export const healthyLoad = {
  "ok-sawtooth": healthy((h) => {
    let b = [];
    const period = h.int(9, 30);
    const per = h.int(8, 18);
    const off = h.int(0, period - 1);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(180));
      if (i % period === off) b = [];
    };
  }),
  "ok-random-sawtooth": healthy((h) => {
    let b = [];
    let left = h.int(8, 28);
    const per = h.int(8, 18);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(160));
      if (--left === 0) {
        b = [];
        left = h.int(8, 28);
      }
    };
  }),
  "ok-long-sawtooth": healthy((h) => {
    let b = [];
    const period = h.int(40, 80);
    const per = h.int(3, 8);
    return (i) => {
      h.churn();
      for (let k = 0; k < per; k++) b.push(h.text(100));
      if (i % period === period - 1) b = [];
    };
  }),
  "ok-day-curve": healthy((h) => {
    const q = [];
    const load = day(h, h.pick([0.75, 1, 1.5, 2]), h.random());
    const span = h.int(200, 500);
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      const want = Math.round(80 + span * l);
      while (q.length < want) q.push(h.text(50));
      while (q.length > want) q.shift();
      return 0.2 + l;
    };
  }),
  "ok-load-ramp": healthy((h) => {
    const q = [];
    const from = h.random() * 0.3;
    const to = from + 0.3 + 0.4 * h.random();
    const span = h.int(300, 800);
    return (i) => {
      const l = 0.3 + 1.7 * Math.min(1, Math.max(0, (h.fraction(i) - from) / (to - from)));
      h.churn(0.4 + 0.4 * l);
      const want = Math.round(span * l * 0.6);
      while (q.length < want) q.push(h.text(40));
      while (q.length > want) q.shift();
      return l;
    };
  }),
  "ok-load-walk": healthy((h) => {
    const q = [];
    let l = 1;
    const span = h.int(200, 500);
    return () => {
      l = Math.min(2.5, Math.max(0.2, l + (h.random() - 0.5) * 0.25));
      h.churn(l);
      const want = Math.round(span * l);
      while (q.length < want) q.push(h.text(40));
      while (q.length > want) q.shift();
      return l;
    };
  }),
  "ok-bursts": healthy((h) => {
    let live = [];
    const p = 0.03 + 0.05 * h.random();
    return (i) => {
      h.churn();
      if (h.random() < p)
        for (let k = h.int(60, 300); k > 0; k--) live.push({ until: i + h.int(5, 40), t: h.text(40) });
      live = live.filter((x) => x.until > i);
    };
  }),
  "ok-idle": healthy((h) => {
    const per = h.int(1, 5);
    return () => {
      for (let k = 0; k < per; k++) h.text(20);
      return 0.02;
    };
  }),
  "ok-queue-drains": healthy((h) => {
    const q = [];
    const from = 0.1 + 0.5 * h.random();
    const to = from + 0.12 + 0.18 * h.random();
    const inn = h.int(20, 45);
    return (i) => {
      h.churn();
      const f = h.fraction(i);
      for (let k = 0; k < inn; k++) q.push(h.text(10));
      q.splice(0, f > from && f < to ? Math.round(inn * 0.4) : inn * 2);
    };
  }),
  "ok-nightly-job": healthy((h) => {
    let d = null;
    const at = h.int(30, 120);
    const run = h.int(10, 50);
    return (i) => {
      h.churn();
      if (i % at === at - 1) d = [];
      if (d) {
        for (let k = 0; k < 12; k++) d.push(h.text(100));
        if (i % at === run % at && i > at) d = null;
      }
    };
  }),
  "ok-middle-aged-queue": healthy((h) => {
    const q = [];
    const len = h.int(100, 400);
    const per = h.int(6, 20);
    return () => {
      h.churn();
      for (let k = 0; k < per; k++) {
        q.push(h.text(40));
        if (q.length > len) q.shift();
      }
    };
  }),
};
