// Healthy programs whose growth slows down all the time and never quite ends: the first use of each key, name or query of many.
import { each, healthy } from "./define.mjs";

/** The first use of each of `keys` keys, so skewed that a rank is drawn as often as its place in the logarithm says. */
const byRank = (h, keys) => () => Math.floor(keys ** h.random());

export const healthyTails = {
  "ok-first-names": healthy((h) => {
    const names = new Map();
    const rank = byRank(h, h.int(8_000, 60_000));
    const perTick = h.int(30, 150);
    return each(h, perTick, () => {
      const name = rank();
      if (!names.has(name)) names.set(name, { name, shown: h.text(0.8) });
    });
  }),
  "ok-memoised-prices": healthy((h) => {
    const prices = new Map();
    const articles = h.int(3_000, 20_000);
    const perTick = h.int(20, 80);
    const skew = 1.3 + 1.5 * h.random();
    return each(h, perTick, () => {
      const key = Math.floor(articles * h.random() ** skew) * 4 + h.int(0, 3);
      if (!prices.has(key))
        prices.set(
          key,
          Array.from({ length: 60 }, (_, k) => key * k + 0.5),
        );
    });
  }),
  "ok-places-near-by": healthy((h) => {
    const seen = new Map();
    const wide = h.int(60, 160);
    const perTick = h.int(15, 60);
    const about = () => Math.round((wide * (h.random() + h.random() + h.random() + h.random() - 2)) / 2);
    return each(h, perTick, () => {
      const place = `${about()}:${about()}`;
      if (!seen.has(place)) seen.set(place, h.text(2));
    });
  }),
  "ok-interned-strings": healthy((h) => {
    const interned = new Map();
    const letters = h.int(6, 16);
    const length = h.int(3, 5);
    const perTick = h.int(40, 200);
    const skew = 1.5 + 1.5 * h.random();
    return each(h, perTick, () => {
      let word = "";
      for (let k = 0; k < length; k++) word += String.fromCharCode(97 + Math.floor(letters * h.random() ** skew));
      if (!interned.has(word)) interned.set(word, [word, h.text(0.5)]);
    });
  }),
  "ok-queries-prepared": healthy((h) => {
    const prepared = new Map();
    const rank = byRank(h, h.int(800, 4_000));
    const perTick = h.int(3, 15);
    return each(h, perTick, () => {
      const id = rank();
      const run = prepared.get(id) ?? new Function("row", `/*${id} ${"q".repeat(3_000)}*/ return row + ${id};`);
      prepared.set(id, run);
      for (let n = 0; n < 30; n++) run(n);
    });
  }),
  "ok-user-agents": healthy((h) => {
    const parsed = new Map();
    const common = h.int(200, 800);
    const rare = h.int(2_000, 9_000);
    const perTick = h.int(30, 90);
    return each(h, perTick, () => {
      const key = h.random() < 0.8 ? h.int(0, common) : common + Math.floor(rare * h.random() ** 1.5);
      if (!parsed.has(key)) parsed.set(key, { raw: h.text(1.2), parts: [key, key + 1, key + 2] });
    });
  }),
  "ok-slow-ring": healthy((h) => {
    const size = h.int(55, 95) * 40;
    const ring = new Array(size).fill(null);
    let n = 0;
    const kb = 0.5 + 1.5 * h.random();
    return each(h, 40, () => {
      ring[n++ % size] = { n, row: h.text(kb) };
    });
  }),
};
