// Heap leaks after public bug reports: something long-lived keeps what each request made.
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import http from "node:http";
import { each, leak } from "./define.mjs";

export const leaksKept = {
  "leak-listeners": leak("heap", ["subscribeRequest", "RequestScope"], (h) => {
    const bus = new EventEmitter().setMaxListeners(0);
    const perTick = h.int(25, 110);
    class RequestScope {
      constructor() {
        this.body = h.text(1.2);
        this.tags = ["a", "b"];
      }
    }
    function subscribeRequest() {
      const scope = new RequestScope();
      bus.on("reload", () => scope.body);
    }
    return each(h, perTick, subscribeRequest);
  }),
  "leak-closure-chain": leak("heap", ["replaceThing"], (h) => {
    let thing = null;
    const kb = h.int(20, 90);
    function replaceThing() {
      const previous = thing;
      const unused = () => previous && unused;
      thing = { text: h.text(kb), method: () => unused };
    }
    return () => {
      h.churn();
      for (let k = 0; k < 2; k++) replaceThing();
    };
  }),
  "leak-intervals": leak("heap", ["beginPolling", "Poller"], (h) => {
    const perTick = h.int(12, 45);
    class Poller {
      constructor() {
        this.last = h.text(3);
      }
    }
    function beginPolling() {
      const poller = new Poller();
      setInterval(() => {
        poller.at = Date.now();
      }, 3_600_000);
    }
    return each(h, perTick, beginPolling);
  }),
  "leak-map-late": leak(
    "heap",
    ["rememberVisitor", "Visitor"],
    (h) => {
      const visitors = new Map();
      const perTick = h.int(150, 500);
      let n = 0;
      class Visitor {
        constructor(k) {
          this.key = k;
          this.seen = [1, 2, 3];
          this.note = h.text(0.4);
        }
      }
      function rememberVisitor(k) {
        visitors.set(k, new Visitor(k));
      }
      return (i) => {
        h.churn();
        for (let k = 0; k < perTick; k++) rememberVisitor(i >= h.onset ? `v${n++}` : `v${k % 300}`);
      };
    },
    (h) => h.int(40, 95),
  ),
  "leak-pending-promises": leak("heap", ["awaitAck", "Pending"], (h) => {
    const acks = new Map();
    const perTick = h.int(40, 140);
    let n = 0;
    class Pending {
      constructor(resolve) {
        this.resolve = resolve;
        this.payload = h.text(0.8);
      }
    }
    function awaitAck() {
      return new Promise((resolve) => acks.set(n++, new Pending(resolve)));
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) void awaitAck().then(() => n);
    };
  }),
  "leak-async-context": leak("heap", ["runInContext", "startDetached"], (h) => {
    const storage = new AsyncLocalStorage();
    const detached = [];
    const perTick = h.int(20, 70);
    function startDetached() {
      detached.push(new Promise(() => undefined).then(() => storage.getStore()));
    }
    function runInContext() {
      storage.run({ user: h.text(2), trace: [] }, startDetached);
    }
    return each(h, perTick, runInContext);
  }),
  "leak-log-backlog": leak("heap", ["enqueueLine"], (h) => {
    const backlog = [];
    const inn = h.int(110, 220);
    function enqueueLine() {
      backlog.push({ level: 30, text: h.text(1) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < inn; k++) enqueueLine();
      backlog.splice(0, h.int(20, 60));
    };
  }),
  "leak-number-series": leak("heap", ["observe"], (h) => {
    const series = new Map();
    const names = h.int(60, 160);
    const per = h.int(60, 120);
    function observe(name, v) {
      let s = series.get(name);
      if (!s) {
        s = [];
        series.set(name, s);
      }
      s.push(v);
    }
    return () => {
      h.churn();
      for (let k = 0; k < names; k++) for (let j = 0; j < per; j++) observe(k, h.random());
    };
  }),
  "leak-http-requests": leak("heap", ["keepRequest"], (h) => {
    const kept = [];
    const perTick = h.int(3, 8);
    function keepRequest(req, res) {
      kept.push({ req, res, trace: h.text(8) });
      res.end("ok");
    }
    const server = http.createServer(keepRequest).listen(0, "127.0.0.1");
    server.unref();
    const one = () =>
      new Promise((done) => {
        http
          .get({ port: server.address().port, agent: false }, (r) => {
            r.resume();
            r.on("close", done);
          })
          .on("error", done);
      });
    return async () => {
      h.churn();
      await Promise.all(Array.from({ length: perTick }, one));
    };
  }),
  "leak-session-store": leak("heap", ["openSession"], (h) => {
    const sessions = new Map();
    let n = 0;
    const inn = h.int(14, 30);
    const lose = 0.1 + 0.3 * h.random();
    function openSession() {
      sessions.set(n, { id: n++, cart: h.text(8) });
    }
    return () => {
      h.churn();
      for (let k = 0; k < inn; k++) {
        openSession();
        if (n > 40 && h.random() > lose) sessions.delete(n - 40);
      }
    };
  }),
};
