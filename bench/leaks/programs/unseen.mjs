// Programs written last, after all that the detector was changed for. The brotli streams keep 1–2 MB an hour.
import { createBrotliCompress } from "node:zlib";
import { day, each, healthy, leak } from "./define.mjs";

export const unseen = {
  "leak-event-log": leak("heap", ["logEvent"], (h) => {
    const events = [];
    const perTick = h.int(60, 150);
    function logEvent(i) {
      events.push({ at: i, tags: [i, i + 1], note: h.text(0.6) });
    }
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick; k++) logEvent(i);
    };
  }),
  "leak-users-without-end": leak("heap", ["profileOf"], (h) => {
    const users = new Map();
    const perTick = h.int(8, 24);
    const kb = h.int(3, 8);
    let n = 0;
    function profileOf(id) {
      if (!users.has(id)) users.set(id, new Map([["profile", h.text(kb)]]));
      return users.get(id);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) profileOf(n++);
      for (let k = 0; k < 30; k++) profileOf(h.int(0, n - 1));
    };
  }),
  "leak-frames": leak("external", ["holdFrame"], (h) => {
    const frames = new Map();
    const perTick = h.int(2, 7);
    let n = 0;
    function holdFrame() {
      frames.set(n++, Buffer.alloc(32 * 1024, 1));
    }
    return each(h, perTick, holdFrame);
  }),
  "leak-late-job": leak(
    "heap",
    ["recordRun"],
    (h) => {
      const runs = [];
      const perTick = h.int(80, 220);
      function recordRun(i) {
        runs.push({ i, output: h.text(0.8) });
      }
      return (i) => {
        h.churn();
        if (i >= h.onset) for (let k = 0; k < perTick; k++) recordRun(i);
      };
    },
    (h) => h.int(40, 100),
  ),
  "leak-brotli-streams": leak("native", ["compress"], (h) => {
    const open = [];
    const every = h.int(1, 3);
    function compress() {
      const stream = createBrotliCompress();
      stream.write(Buffer.alloc(20_000, "b"));
      open.push(stream);
    }
    return (i) => {
      h.churn();
      if (i % every === 0) compress();
    };
  }),
  "ok-page-cache": healthy((h) => {
    const pages = new Map();
    const ttl = h.int(15, 40);
    const perTick = h.int(20, 60);
    let n = 0;
    return (i) => {
      h.churn();
      for (let k = 0; k < perTick; k++) pages.set(n++, { until: i + ttl, html: h.text(8) });
      for (const [key, page] of pages) {
        if (page.until > i) break;
        pages.delete(key);
      }
    };
  }),
  "ok-dictionary": healthy((h) => {
    const words = [];
    const lasts = h.int(20, 50);
    const perTick = h.int(100, 400);
    return (i) => {
      h.churn();
      if (i < lasts) for (let k = 0; k < perTick; k++) words.push({ word: h.text(0.5), hits: 0 });
    };
  }),
  "ok-image-resize": healthy((h) => {
    const perTick = h.int(2, 5);
    return () => {
      h.churn();
      let x = 0;
      for (let k = 0; k < perTick; k++) x += Buffer.alloc(h.int(512, 2048) * 1024, 1).length;
      return 1 + 0 * x;
    };
  }),
  "ok-sessions-by-day": healthy((h) => {
    let sessions = [];
    const load = day(h, h.pick([1, 1.5, 2]), h.random());
    const perTick = h.int(10, 30);
    const stay = h.int(5, 25);
    return (i) => {
      const l = load(i);
      h.churn(0.4 + 0.6 * l);
      for (let k = 0; k < perTick * l; k++) sessions.push({ until: i + stay, cart: h.text(20) });
      sessions = sessions.filter((s) => s.until > i);
      return 0.2 + l;
    };
  }),
  "ok-job-waves": healthy((h) => {
    let jobs = [];
    const every = h.int(30, 60);
    const count = h.int(200, 600);
    return (i) => {
      h.churn();
      if (i % every === 10) for (let k = 0; k < count; k++) jobs.push({ until: i + h.int(5, 20), input: h.text(60) });
      jobs = jobs.filter((j) => j.until > i);
    };
  }),
};
