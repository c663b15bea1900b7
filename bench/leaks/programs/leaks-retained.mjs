// Heap leaks in which what is kept is not what was pushed: a slice's parent, a promise's reactions, an error's frames, compiled code.
import { Readable } from "node:stream";
import vm from "node:vm";
import { each, leak } from "./define.mjs";

export const leaksRetained = {
  "leak-sliced-strings": leak("heap", ["rememberToken"], (h) => {
    const tokens = [];
    const perTick = h.int(4, 12);
    const kb = h.int(8, 24);
    function rememberToken() {
      tokens.push(h.text(kb).slice(10, 40));
    }
    return each(h, perTick, rememberToken);
  }),
  "leak-promise-race": leak("heap", ["raceShutdown"], (h) => {
    const shutdown = new Promise(() => undefined);
    const perTick = h.int(60, 200);
    async function raceShutdown() {
      const work = Promise.resolve({ body: h.text(0.6) });
      await Promise.race([shutdown, work]);
    }
    return async () => {
      h.churn();
      for (let k = 0; k < perTick; k++) await raceShutdown();
    };
  }),
  "leak-memo-by-argument": leak("heap", ["memoized"], (h) => {
    const memo = new Map();
    const perTick = h.int(30, 90);
    const repeat = 0.2 + 0.5 * h.random();
    let n = 0;
    function memoized(argument) {
      const key = JSON.stringify(argument);
      if (!memo.has(key)) memo.set(key, { rows: h.text(2), argument });
      return memo.get(key);
    }
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) memoized({ id: h.random() < repeat ? k : n++ });
    };
  }),
  "leak-kept-errors": leak("heap", ["failedJob"], (h) => {
    const failures = [];
    const perTick = h.int(50, 160);
    function failedJob(id) {
      try {
        JSON.parse(`{"id":${id}`);
      } catch (error) {
        error.payload = h.text(0.7);
        failures.push(error);
      }
    }
    let n = 0;
    return () => {
      h.churn();
      for (let k = 0; k < perTick; k++) failedJob(n++);
    };
  }),
  "leak-vm-contexts": leak("heap", ["sandboxFor"], (h) => {
    const sandboxes = [];
    const every = h.int(3, 6);
    function sandboxFor(i) {
      sandboxes.push(vm.createContext({ id: i }));
    }
    return (i) => {
      h.churn();
      if (i % every === 0) sandboxFor(i);
    };
  }),
  "leak-stuck-streams": leak("heap", ["openFeed"], (h) => {
    const feeds = new Set();
    const perTick = h.int(4, 12);
    function openFeed() {
      const feed = new Readable({ objectMode: true, highWaterMark: 64, read: () => undefined });
      for (let k = 0; k < 12; k++) feed.push({ line: h.text(0.8) });
      feeds.add(feed);
    }
    return each(h, perTick, openFeed);
  }),
};
