/**
 * CPU time per get and per evicting set, and index bytes per entry, beside lru-cache with sizes and TTL: `node --import tsx bench/caches/speed.ts`.
 *
 * Each policy runs against lru-cache in a process of its own, turn about, so that neither pays for what the compiler learned from
 * another. A server makes a new string of every request's key, whose hash nobody has computed yet: these are the gets that
 * count ("new string"). With one string asked again and again, lru-cache finds its hash where V8 keeps it ("same string").
 */
import { execFileSync } from "node:child_process";
import { LRUCache } from "lru-cache";
import { systemClock } from "../../lib/shared/clock.ts";
import { BoundedEntries } from "../../lib/stores/cache/bounded-entries.ts";
import type { PolicySetting } from "../../lib/stores/cache/eviction/policy-setting.ts";
import { seededRandom } from "../workloads/random.ts";
import { unlimitedAccount } from "./simulate.ts";

const TTL_MS = 300_000;
const SIZE = 100;
const GETS = 200_000;
const SETS = 100_000;
const POLICIES: readonly PolicySetting[] = ["lru", "s3-fifo", "tiny-lfu", "auto"];
const SIZES = [50, 10_000, 1_000_000];

interface Row {
  /** Nanoseconds: ours and lru-cache's. */
  newString: [number, number];
  sameString: [number, number];
  evictingSet: [number, number];
  indexBytes: number;
}

/** Nanoseconds of CPU per call. */
function time(keys: readonly string[], call: (key: string) => void): number {
  const before = process.cpuUsage();
  for (const key of keys) call(key);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / keys.length;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** A flat string of its own, as decoding a request makes one. */
const copied = (key: string): string => Buffer.from(key).toString();

function measure(policy: PolicySetting, maxItems: number, rounds: number): Row {
  const entries = new BoundedEntries<object>({
    maxItems,
    maxBytes: 2 ** 40,
    policy,
    clock: systemClock,
    account: unlimitedAccount(),
  });
  const cache = new LRUCache<string, object>({ max: maxItems, maxSize: 2 ** 40, ttl: TTL_MS });
  const value = {};
  const ours = {
    get: (key: string) => void entries.get(key),
    set: (key: string) => void entries.set(key, value, SIZE, TTL_MS),
  };
  const theirs = {
    get: (key: string) => void cache.get(key),
    set: (key: string) => void cache.set(key, value, { size: SIZE }),
  };
  const random = seededRandom(7);
  const resident = Array.from({ length: maxItems }, (_, index) => copied(`default response-${index}`));
  const fill = (): void => {
    for (const key of resident) ours.set(key);
    for (const key of resident) theirs.set(key);
  };
  const asked = Array.from({ length: GETS }, () => resident[Math.floor(random() * maxItems)] ?? "");
  const seen: Record<string, [number[], number[]]> = {
    newString: [[], []],
    sameString: [[], []],
    evictingSet: [[], []],
  };
  fill();
  for (let round = 0; round < rounds; round += 1) {
    const runs: [string, () => string[], "get" | "set"][] = [
      ["sameString", () => asked, "get"],
      ["newString", () => asked.map(copied), "get"],
      [
        "evictingSet",
        () => Array.from({ length: SETS }, (_, index) => copied(`default fresh-${round}-${index}`)),
        "set",
      ],
    ];
    for (const [name, keys, call] of runs) {
      const [mine, other] = seen[name] ?? [[], []];
      const order =
        round % 2 === 0
          ? [[mine, ours] as const, [other, theirs] as const]
          : [[other, theirs] as const, [mine, ours] as const];
      for (const [times, subject] of order) times.push(time(keys(), subject[call]));
    }
    // What was evicted comes back, so that every round's gets hit; a million were hardly touched.
    if (maxItems <= 10_000) fill();
  }
  const medians = (name: string): [number, number] => [median(seen[name]?.[0] ?? []), median(seen[name]?.[1] ?? [])];
  return {
    newString: medians("newString"),
    sameString: medians("sameString"),
    evictingSet: medians("evictingSet"),
    indexBytes: entries.indexBytes / entries.items,
  };
}

function report(rounds: number): void {
  const cell = ([ours, theirs]: [number, number]): string =>
    `${ours.toFixed(0).padStart(5)} / ${theirs.toFixed(0).padStart(5)} = ${(ours / theirs).toFixed(2)}`;
  console.log("ns of CPU, ours / lru-cache = ratio");
  for (const policy of POLICIES) {
    const sets: number[] = [];
    for (const maxItems of SIZES) {
      const text = execFileSync(
        process.execPath,
        [...process.execArgv, import.meta.filename, String(rounds), policy, String(maxItems)],
        { encoding: "utf8" },
      );
      const row = JSON.parse(text) as Row;
      sets.push(row.evictingSet[0]);
      console.log(
        `${policy.padEnd(9)}${String(maxItems).padStart(8)}  get, new string ${cell(row.newString)}   same string ${cell(row.sameString)}   evicting set ${cell(row.evictingSet)}   index ${row.indexBytes.toFixed(0)} B/entry`,
      );
    }
    console.log(
      `${policy.padEnd(9)}         an evicting set at 1,000,000 is ${((sets[2] ?? 0) / (sets[0] ?? 1)).toFixed(1)} times that at 50`,
    );
  }
}

const [rounds = "7", policy, maxItems] = process.argv.slice(2);
const chosen = POLICIES.find((name) => name === policy);
if (chosen === undefined) report(Number(rounds));
else console.log(JSON.stringify(measure(chosen, Number(maxItems), Number(rounds))));
