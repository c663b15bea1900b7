import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { seededRandom, zipfSampler } from "../workloads/random.ts";

export interface Trace {
  name: string;
  entries: number;
  keys: Int32Array;
}

const FOLDER = new URL("../../../shared/data/traces/", import.meta.url);

function lines(file: string): string[] {
  return gunzipSync(readFileSync(new URL(file, FOLDER)))
    .toString("latin1")
    .split("\n");
}

/** Gives each distinct key a small number, in order of appearance. */
function numbered(keys: Iterable<string | bigint | number>): Int32Array {
  const numbers = new Map<string | bigint | number, number>();
  const out: number[] = [];
  for (const key of keys) {
    let number = numbers.get(key);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(key, number);
    }
    out.push(number);
  }
  return Int32Array.from(out);
}

const lirs = (file: string) => () =>
  numbered(
    lines(file)
      .map((line) => line.trim())
      .filter((line) => line !== "" && line !== "*"),
  );

function* oltp(): Generator<number> {
  for (const line of lines("OLTP.lis.gz")) {
    const [start, count] = line.split(" ").map(Number);
    for (let i = 0; line !== "" && i < (count ?? 0); i += 1) yield (start ?? 0) + i;
  }
}

function* web12(): Generator<number> {
  const bytes = gunzipSync(readFileSync(new URL("web12.int32le.gz", FOLDER)));
  for (let i = 0; i + 4 <= bytes.length; i += 4) yield bytes.readInt32LE(i);
}

function* corda(): Generator<bigint> {
  const bytes = gunzipSync(readFileSync(new URL("corda.int64be.gz", FOLDER)));
  for (let i = 0; i + 8 <= bytes.length; i += 8) yield bytes.readBigInt64BE(i);
}

const REAL: [name: string, file: string, entries: number[], read: () => Int32Array][] = [
  ["OLTP", "OLTP.lis.gz", [1000, 2000], () => numbered(oltp())],
  ["gli", "gli.trace.gz", [1000, 2000], lirs("gli.trace.gz")],
  ["loop", "loop.trace.gz", [512], lirs("loop.trace.gz")],
  ["multi3", "multi3.trace.gz", [1800], lirs("multi3.trace.gz")],
  ["sprite", "sprite.trace.gz", [400], lirs("sprite.trace.gz")],
  ["web12", "web12.int32le.gz", [1200], () => numbered(web12())],
  ["corda", "corda.int64be.gz", [512], () => numbered(corda())],
];

/** The public traces, with the sizes that their hit ratios are published for; `absent` names the files that are not there. */
export function realTraces(): { traces: Trace[]; absent: string[] } {
  const absent: string[] = [];
  const traces = REAL.flatMap(([name, file, sizes, read]) => {
    if (!existsSync(new URL(file, FOLDER))) {
      absent.push(name);
      return [];
    }
    const keys = read();
    return sizes.map((entries) => ({ name: `${name} @ ${entries}`, entries, keys }));
  });
  return { traces, absent };
}

function generate(length: number, next: (index: number) => number): Int32Array {
  return Int32Array.from({ length }, (_, index) => next(index));
}

/** Seeded traces of the patterns that tell policies apart; 10,000 keys unless the name says otherwise. */
export function syntheticTraces(length = 300_000, seed = 1): Trace[] {
  const random = seededRandom(seed);
  const keys = 10_000;
  const zipf = zipfSampler(keys, 0.9, random);
  const small = zipfSampler(1000, 0.9, random);
  const scan = { at: 0, left: 0 };
  const withScan = (): number => {
    if (scan.left === 0 && random() < 0.0005) scan.left = 1000;
    if (scan.left > 0) {
      scan.left -= 1;
      scan.at += 1;
      return keys + scan.at;
    }
    return zipf();
  };
  const hot = zipfSampler(3000, 0.8, random);
  const recent = new RecencyStack(random);
  return [
    { name: "zipf 0.9 @ 1 %", entries: 100, keys: generate(length, zipf) },
    { name: "zipf + scan @ 5 %", entries: 500, keys: generate(length, withScan) },
    { name: "loop @ 5 %", entries: 500, keys: generate(length, (index) => index % 750) },
    { name: "shifting @ 5 %", entries: 500, keys: generate(length, (i) => hot() + 1500 * Math.floor(i / 20_000)) },
    { name: "recency @ 1 %", entries: 100, keys: generate(length, () => recent.next(25, 1.9, 2000)) },
    { name: "sessions @ 1 %", entries: 100, keys: userSessions(length, keys, random) },
    { name: "50 of 1,000 keys", entries: 50, keys: generate(length, small) },
  ];
}

/** Draws a key by how long ago it was used: log-normal stack distances, most of them short. */
class RecencyStack {
  readonly #stack: number[] = [];
  readonly #random: () => number;
  #fresh = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(median: number, spread: number, most: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    const depth = Math.floor(median * Math.exp(spread * normal));
    const at = this.#stack.length - 1 - depth;
    const key = at >= 0 ? (this.#stack.splice(at, 1)[0] ?? 0) : this.#fresh++;
    this.#stack.push(key);
    if (this.#stack.length > most) this.#stack.shift();
    return key;
  }
}

/** Users come, are active for a while, and leave for good; about 150 are active at once. */
function userSessions(length: number, most: number, random: () => number): Int32Array {
  const active: { key: number; left: number }[] = [];
  let fresh = 0;
  return generate(length, () => {
    while (active.length < 150)
      active.push({ key: fresh++ % (most * 100), left: 1 + Math.floor(-6 * Math.log(1 - random())) });
    const index = Math.floor(random() ** 2.5 * active.length);
    const user = active[index];
    if (!user) return 0;
    user.left -= 1;
    if (user.left <= 0) active.splice(index, 1);
    return user.key;
  });
}
