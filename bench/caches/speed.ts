/** Time per get and per evicting set beside lru-cache with sizes and TTL, interleaved: `node --import tsx bench/caches/speed.ts`. */
import { LRUCache } from "lru-cache";
import { systemClock } from "../../lib/shared/clock.ts";
import { BoundedEntries, type PolicySetting } from "../../lib/stores/policies/bounded-entries.ts";
import { seededRandom } from "../workloads/random.ts";
import { unlimitedAccount } from "./simulate.ts";

interface Subject {
  name: string;
  get(key: string): unknown;
  set(key: string): void;
}

const TTL_MS = 300_000;
const SIZE = 100;

function store(policy: PolicySetting, maxItems: number): Subject {
  const entries = new BoundedEntries<object>({
    maxItems,
    maxBytes: 2 ** 40,
    policy,
    clock: systemClock,
    account: unlimitedAccount(),
  });
  const value = {};
  return {
    name: `headroom ${policy}`,
    get: (key) => entries.get(key),
    set: (key) => void entries.set(key, value, SIZE, TTL_MS),
  };
}

function lruCache(maxItems: number): Subject {
  const cache = new LRUCache<string, object>({ max: maxItems, maxSize: 2 ** 40, ttl: TTL_MS });
  const value = {};
  return { name: "lru-cache", get: (key) => cache.get(key), set: (key) => void cache.set(key, value, { size: SIZE }) };
}

/** Nanoseconds per call. */
function time(count: number, call: (index: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i += 1) call(i);
  return Number(process.hrtime.bigint() - start) / count;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const policies: PolicySetting[] = ["lru", "s3-fifo", "tiny-lfu", "auto"];
const rounds = Number(process.argv[2] ?? 7);
for (const maxItems of [50, 10_000, 1_000_000]) {
  const subjects = [lruCache(maxItems), ...policies.map((policy) => store(policy, maxItems))];
  const random = seededRandom(7);
  const resident = Array.from({ length: maxItems }, (_, index) => `default response-${index}`);
  for (const subject of subjects) for (const key of resident) subject.set(key);
  const asked = Array.from({ length: 200_000 }, () => resident[Math.floor(random() * maxItems)] ?? "");
  const gets = subjects.map((): number[] => []);
  const sets = subjects.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const fresh = Array.from({ length: 100_000 }, (_, index) => `default fresh-${round}-${index}`);
    subjects.forEach((subject, at) => void gets[at]?.push(time(asked.length, (i) => subject.get(asked[i] ?? ""))));
    subjects.forEach((subject, at) => void sets[at]?.push(time(fresh.length, (i) => subject.set(fresh[i] ?? ""))));
    // What was evicted comes back, so that every round's gets hit.
    if (maxItems <= 10_000) for (const subject of subjects) for (const key of resident) subject.set(key);
  }
  subjects.forEach((subject, at) => {
    const get = median(gets[at] ?? []);
    const set = median(sets[at] ?? []);
    console.log(
      `${String(maxItems).padStart(9)} ${subject.name.padEnd(18)} get ${get.toFixed(0).padStart(5)} ns   evicting set ${set.toFixed(0).padStart(5)} ns`,
    );
  });
}
