/** Run by session-bytes.test.ts in a process of its own: fills a pool and prints what it claims and what the process grew by. */
import { Session } from "node:inspector/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGlibc } from "../../memory/relief/allocator-trim.ts";
import type { SessionRows } from "../../ports/session-rows.ts";
import { GIB, MIB } from "../../shared/bytes.ts";
import { systemClock } from "../../shared/clock.ts";
import { SessionPool } from "../../stores/sessions/session-pool.ts";
import { TestAccount } from "../../testing/test-account.ts";

const [letters = "a", size = "2000", packing = "off"] = process.argv.slice(2);
/** Enough that a tenth of it stands out from what a process grows by anyway. */
const FILL_BYTES = (Number(size) < 1_000 ? 32 : 48) * MIB;

/** A database that takes everything and keeps nothing: only the pool is measured. */
const nothing: SessionRows = {
  get: async () => null,
  apply: async () => undefined,
  endOf: async () => null,
  tally: async () => ({ count: 0, bytes: 0 }),
  expire: async () => 0,
  list: async () => [],
  listSorted: async () => [],
  count: async () => 0,
  roomBytes: () => Number.POSITIVE_INFINITY,
};

let state = 1;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Half repeated text and half noise, out of the given letters. */
function text(bytes: number): string {
  const alphabet = [...letters];
  let result = "";
  while (Buffer.byteLength(result) < bytes) {
    let run = "";
    for (let i = 0; i < 40; i++) run += alphabet[random(alphabet.length)];
    result += `${run} status: the model answered `;
  }
  return JSON.stringify(result);
}

/**
 * What the process holds without the heap pages that V8 keeps empty: it takes and returns 32 MB of those in its own time. From Node 22
 * on it keeps more in a pool that no figure shows, which only the inspector's collection gives back. Buffers are freed by a thread of
 * V8's after the collection, so this collects until RSS has not fallen for five turns. What malloc keeps of freed blocks, tens of MB
 * after packing, is no store's either: it is given back in each turn, where the C library can be asked to.
 */
async function held(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turns = 0, still = 0; turns < 80 && still < 5; turns++) {
    await inspector.post("HeapProfiler.collectGarbage");
    await sleep(50);
    await allocator?.trim();
    const { rss, heapTotal, heapUsed } = process.memoryUsage();
    const now = rss - (heapTotal - heapUsed);
    still = now < least - MIB / 4 ? 0 : still + 1;
    least = Math.min(least, now);
  }
  return least;
}

const allocator = await loadGlibc();
const inspector = new Session();
inspector.connect();

const account = new TestAccount(4 * GIB, "sessions");
const pool = new SessionPool({
  rows: nothing,
  account,
  clock: systemClock,
  maxItems: 10_000_000,
  idleTimeoutMs: 3_600_000,
  durability: "everysec",
  packing: true,
  hotTier: false,
  onFailure: (error) => {
    throw error;
  },
});

/** Done twice: once thrown away, so that code, heap and allocator have the size that this work gives them anyway. */
async function fill(bytes: number): Promise<{ bytes: number; ids: string[] }> {
  const values = Array.from({ length: 64 }, () => text(Number(size)));
  const ids: string[] = [];
  let filled = 0;
  for (let i = 0; filled < bytes; i++) {
    const value = values[i % values.length] ?? "";
    filled += (await pool.create("default", value)).bytes;
    if (i % 50 === 0) await pool.upkeep.close();
  }
  await pool.upkeep.close();
  if (packing === "on") while ((await pool.memory.packIdle(1_000, 0)) > 0);
  if (packing === "on") while (pool.memory.table.values.compact() > 0);
  return { bytes: filled, ids };
}

await fill(FILL_BYTES);
while (pool.memory.items > 0) pool.memory.spillOldest();
await pool.upkeep.close();
const before = { held: await held(), granted: account.grantedBytes };
const { bytes } = await fill(FILL_BYTES);
const after = { held: await held(), granted: account.grantedBytes };
process.stdout.write(
  JSON.stringify({ filled: bytes, claimed: after.granted - before.granted, grown: after.held - before.held }),
);
