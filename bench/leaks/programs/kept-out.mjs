// Programs that the detector was never changed for: they are scored, and no more.
import { each, healthy, leak } from "./define.mjs";

export const keptOut = {
  "leak-undo-history": leak("heap", ["remember"], (h) => {
    const steps = [];
    const perTick = h.int(20, 70);
    function remember() {
      steps.push({ before: h.text(0.6), after: h.text(0.6) });
    }
    return each(h, perTick, remember);
  }),
  "leak-rooms": leak("heap", ["join"], (h) => {
    const rooms = new Map();
    const perTick = h.int(10, 40);
    let n = 0;
    function join() {
      const room = `room ${n++}`;
      if (!rooms.has(room)) rooms.set(room, { members: new Set([n]), topic: h.text(1.5) });
    }
    return each(h, perTick, join);
  }),
  "leak-images": leak("arrayBuffers", ["keepImage"], (h) => {
    const images = [];
    const kb = h.int(60, 200);
    function keepImage() {
      images.push(new Uint8ClampedArray(kb * 1024));
    }
    return () => {
      h.churn();
      keepImage();
    };
  }),
  "leak-weights-by-model": leak("heap", ["weightsOf"], (h) => {
    const weights = new Map();
    const perTick = h.int(3, 8);
    let n = 0;
    function weightsOf() {
      weights.set(
        n++,
        Array.from({ length: 1_500 }, (_, k) => k * 0.5),
      );
    }
    return each(h, perTick, weightsOf);
  }),
  "ok-schemas-compiled": healthy((h) => {
    const compiled = new Map();
    const schemas = h.int(500, 1_500);
    const perTick = h.int(8, 20);
    return each(h, perTick, () => {
      const id = Math.floor(schemas * h.random() ** 2);
      const check = compiled.get(id) ?? new Function("v", `/*${id} ${"c".repeat(6_000)}*/ return v > ${id};`);
      compiled.set(id, check);
      for (let n = 0; n < 20; n++) check(n);
    });
  }),
  "ok-geo-tiles": healthy((h) => {
    const tiles = new Map();
    const size = h.int(40, 90);
    const perTick = h.int(10, 30);
    const near = () => Math.floor((size * (h.random() + h.random() + h.random())) / 3);
    return each(h, perTick, () => {
      const tile = near() * size + near();
      if (!tiles.has(tile)) tiles.set(tile, h.text(10));
    });
  }),
  "ok-autocomplete": healthy((h) => {
    const trie = new Map();
    const letters = h.int(8, 14);
    const perTick = h.int(60, 160);
    return each(h, perTick, () => {
      const word = Array.from({ length: 5 }, () => Math.floor(letters * h.random() ** 2.5)).join("-");
      if (!trie.has(word)) trie.set(word, { word, next: h.text(0.6) });
    });
  }),
};
