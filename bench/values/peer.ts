/** One peer on one payload in a process of its own; prints bytes held per entry and what reads cost. */
import { LRUCache } from "lru-cache";
import { GIB } from "../../lib/shared/bytes.ts";
import { systemClock } from "../../lib/shared/clock.ts";
import { newSessionId } from "../../lib/stores/sessions/id-index.ts";
import { SessionMemory } from "../../lib/stores/sessions/session-memory.ts";
import { TestAccount } from "../../lib/testing/test-account.ts";
import { PAYLOADS, type PayloadName, values } from "./payloads.ts";

const [peer = "ours", payload = "session"] = process.argv.slice(2) as [string?, PayloadName?];
const { count } = PAYLOADS[payload];

interface Store {
  put(id: string, value: object): void;
  /** A value as its reader wants it: an object. */
  get(id: string): unknown;
  settle(): Promise<void>;
  /** Held outside of the heap and of what `external` counts. */
  offHeapBytes(): number;
}

interface Lz4 {
  compressSync(data: Buffer): Buffer;
  uncompressSync(data: Buffer): Buffer;
}

const settled = { settle: () => Promise.resolve(), offHeapBytes: () => 0 };

async function create(): Promise<Store> {
  if (peer === "object") {
    const map = new Map<string, object>();
    return { put: (id, value) => void map.set(id, value), get: (id) => map.get(id), ...settled };
  }
  if (peer === "lru-cache") {
    const cache = new LRUCache<string, object>({ max: count, ttl: 1_800_000, updateAgeOnGet: true });
    return { put: (id, value) => void cache.set(id, value), get: (id) => cache.get(id), ...settled };
  }
  if (peer === "json") {
    const map = new Map<string, Buffer>();
    return {
      put: (id, value) => void map.set(id, Buffer.from(JSON.stringify(value))),
      get: (id) => JSON.parse(map.get(id)?.toString() ?? ""),
      ...settled,
    };
  }
  if (peer === "json-lz4") {
    // Not one of the project's packages: whoever wants this row installs it with --no-save, else it is left out by name.
    const name = "lz4-napi";
    const { compressSync, uncompressSync }: Lz4 = await import(name);
    const map = new Map<string, Buffer>();
    return {
      put: (id, value) => void map.set(id, Buffer.from(compressSync(Buffer.from(JSON.stringify(value))))),
      get: (id) => JSON.parse(uncompressSync(map.get(id) ?? Buffer.alloc(0)).toString()),
      ...settled,
    };
  }
  return ours();
}

function ours(): Store {
  const account = new TestAccount(4 * GIB, "sessions");
  const memory = new SessionMemory({
    account,
    clock: systemClock,
    maxItems: count,
    idleTimeoutMs: 1_800_000,
    hotTier: peer === "ours-hot",
    departures: {
      spilledItems: 0,
      canKeepUse: true,
      leaving: () => undefined,
      left: () => undefined,
      expired: () => undefined,
    },
  });
  const fields = {
    namespace: "default",
    isOwn: false,
    createdAtMs: memory.nowMs(),
    lastUsedAtMs: memory.nowMs(),
    idleTimeoutMs: 1_800_000,
    endsAtMs: Number.POSITIVE_INFINITY,
    version: 1,
    tags: "",
  };
  const slotOf = (id: string) => {
    const slot = memory.find(id);
    memory.use(slot);
    return slot;
  };
  return {
    put: (id, value) => void memory.insert(id, fields, Buffer.from(JSON.stringify(value))),
    // A hot hit gives the bytes, ready to be sent; a cold one is parsed, for a fair comparison with who keeps objects.
    get: peer === "ours-hot" ? (id) => memory.bytes(slotOf(id)) : (id) => JSON.parse(memory.text(slotOf(id))),
    settle: async () => {
      if (peer === "ours-raw") return;
      while ((await memory.packIdle(1_000, 0)) > 0);
      while (memory.table.values.compact() > 0);
    },
    offHeapBytes: () => memory.table.values.reservedBytes,
  };
}

function held(): { held: number; rss: number } {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, rss };
}

const ids = Array.from({ length: count }, newSessionId);
// The generator's own garbage and code are there before anything is measured.
for (const value of values(payload)) if (value === null) throw new Error("no value");
const store = await create();
const before = held();
let at = 0;
for (const value of values(payload)) {
  store.put(ids[at++] ?? "", value);
  if (at % 200 === 0) await store.settle();
}
await store.settle();
const after = held();

const isHot = peer === "ours-hot" || peer === "lru-cache";
/** As a request brings them: every look-up has a string that nobody has hashed before. The same for all peers. */
const paths = ids.slice(0, isHot ? 200 : 500).map((id) => `/api/v1/sessions/${id}`);
const idOf = (path: string) => path.slice("/api/v1/sessions/".length);
const repeats = isHot ? 1_000 : 2;
const costs: number[] = [];
for (let round = 0; round < 15; round++) {
  const startedAt = process.cpuUsage();
  for (let repeat = 0; repeat < repeats; repeat++) for (const path of paths) store.get(idOf(path));
  const { user, system } = process.cpuUsage(startedAt);
  costs.push((user + system) / (repeats * paths.length));
}
process.stdout.write(
  JSON.stringify({
    heldPerEntry: (after.held - before.held + store.offHeapBytes()) / count,
    rssPerEntry: (after.rss - before.rss) / count,
    getMicros: costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)],
  }),
);
