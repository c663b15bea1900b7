/** Hit ratios to compare with: simulations over whole traces, written for clarity, used by benchmarks and tests only. */

/** Belady's optimum: evicts what is used again last. */
export function optimalHits(keys: Int32Array, entries: number): number {
  const nextUse = new Float64Array(keys.length).fill(Number.POSITIVE_INFINITY);
  const lastSeen = new Map<number, number>();
  for (let i = keys.length - 1; i >= 0; i -= 1) {
    const key = keys[i] as number;
    nextUse[i] = lastSeen.get(key) ?? Number.POSITIVE_INFINITY;
    lastSeen.set(key, i);
  }
  const resident = new Map<number, number>();
  const byUse = new MaxHeap();
  let hits = 0;
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as number;
    const next = nextUse[i] as number;
    if (resident.has(key)) hits += 1;
    else if (resident.size >= entries) {
      for (;;) {
        const [use, victim] = byUse.pop();
        if (resident.get(victim) !== use) continue;
        resident.delete(victim);
        break;
      }
    }
    resident.set(key, next);
    byUse.push(next, key);
  }
  return hits;
}

class MaxHeap {
  readonly #items: [number, number][] = [];

  push(use: number, key: number): void {
    const items = this.#items;
    let at = items.push([use, key]) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent]?.[0] ?? 0) >= use) break;
      items[at] = items[parent] as [number, number];
      at = parent;
    }
    items[at] = [use, key];
  }

  pop(): [number, number] {
    const items = this.#items;
    const top = items[0] as [number, number];
    const last = items.pop() as [number, number];
    if (items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1]?.[0] ?? 0) > (items[child]?.[0] ?? 0)) child += 1;
      if ((items[child]?.[0] ?? 0) <= last[0]) break;
      items[at] = items[child] as [number, number];
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/** ARC (Megiddo & Modha, FAST 2003), with Maps as ordered sets: oldest first. */
export function arcHits(keys: Int32Array, entries: number): number {
  const [t1, t2, b1, b2] = [new Set<number>(), new Set<number>(), new Set<number>(), new Set<number>()];
  const oldest = (set: Set<number>): number => set.values().next().value as number;
  const shift = (from: Set<number>, to: Set<number>): void => {
    const key = oldest(from);
    from.delete(key);
    to.add(key);
  };
  let target = 0;
  let hits = 0;
  const replace = (inB2: boolean): void => {
    if (t1.size > 0 && (t1.size > target || (inB2 && t1.size === target))) shift(t1, b1);
    else shift(t2, b2);
  };
  for (const key of keys) {
    if (t1.delete(key) || t2.delete(key)) {
      hits += 1;
      t2.add(key);
    } else if (b1.has(key)) {
      target = Math.min(entries, target + Math.max(1, b2.size / b1.size));
      replace(false);
      b1.delete(key);
      t2.add(key);
    } else if (b2.has(key)) {
      target = Math.max(0, target - Math.max(1, b1.size / b2.size));
      replace(true);
      b2.delete(key);
      t2.add(key);
    } else {
      if (t1.size + b1.size === entries) {
        if (t1.size < entries) {
          b1.delete(oldest(b1));
          replace(false);
        } else t1.delete(oldest(t1));
      } else if (t1.size + t2.size + b1.size + b2.size >= entries) {
        if (t1.size + t2.size + b1.size + b2.size === 2 * entries) b2.delete(oldest(b2));
        if (t1.size + t2.size >= entries) replace(false);
      }
      t1.add(key);
    }
  }
  return hits;
}
