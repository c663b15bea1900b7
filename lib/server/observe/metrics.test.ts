import { expect, it, vi } from "vitest";
import project from "../../../package.json" with { type: "json" };
import type { StoreStats } from "../../contracts/memory.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Events } from "./events.ts";
import type { MetricsSource } from "./metric-figures.ts";
import { Metrics } from "./metrics.ts";
import { Traffic } from "./traffic.ts";

/** @param connections of the database. */
function setUp(connections: unknown = null) {
  let taken = 0;
  const traffic = new Traffic();
  const stats: StoreStats = {
    ...{ store: "cache", items: 3, maxItems: 50, bytes: 900, maxBytes: null, hits: 7, misses: 2, hitRatio: 0.5 },
    ...{ evictions: 1, expirations: 4, rejections: 5, spilledItems: 6, ttlSeconds: 300, policy: "lru" },
    removals: { evicted: 1, expired: 4, replaced: 0, deleted: 9, spilled: 0 },
    window: { hits: 0, misses: 0, hitRatio: null },
  };
  const events = new Events();
  const clock = new FakeClock();
  const database = { sizeBytes: async () => 4_096, connections: () => connections };
  const embedder = { state: "ready" };
  traffic.openSockets = () => 13;
  const source = {
    monitor: {
      // Another sample at each look, as a live process gives.
      sampler: {
        peek: () => {
          taken++;
          const breakdown = [
            { component: "runtime", bytes: taken * 100 },
            { component: "unattributed", bytes: taken },
          ];
          return { usedBytes: taken * 101, limitBytes: 9_999, level: "elevated", breakdown };
        },
      },
      recorder: { droppedSamples: 0 },
    },
    ledger: { grantedBytes: 1 },
    memory: { gate: { refusals: 11, closed: false }, optimizer: { lastRun: null }, report: () => ({ forecast: null }) },
    loop: { refusals: 0, lagMs: 0 },
    leaks: { report: () => ({ state: "clear" }) },
    sessions: { queuedBytes: 0 },
    redis: null,
    streams: { jobs: { open: 0, totals: { records: 21, rejects: 22 } } },
    settings: { values: { diskMaxMb: 2 } },
    rag: {
      parts: {
        embedder: { state: () => embedder },
        embeddings: { calls: { requests: 31, errors: 32, seconds: 33.5 } },
      },
    },
    stores: [{ stats: () => stats }],
    ...{ traffic, events, clock, database },
  } as unknown as MetricsSource;
  return { metrics: new Metrics(source), traffic, events, clock, database, embedder };
}

const typesOf = (text: string) =>
  [...text.matchAll(/^# TYPE (headroom_\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));

it("names counters, and only those, with _total, and every metric in base units with a help", async () => {
  const { metrics } = setUp();
  const text = await metrics.text();
  const types = typesOf(text);
  expect(types.length).toBeGreaterThan(20);
  for (const { name, type } of types) {
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name).not.toMatch(/milliseconds|_ms|_mb|_kib|_percent/);
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, "m"));
  }
  expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
});

it("takes one sample for a scrape, so that the components add up to what is used, and one for two at once", async () => {
  const { metrics } = setUp();
  const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
  expect(second).toBe(first);
  for (const text of [first, await metrics.text()]) {
    const used = Number(/^headroom_memory_used_bytes (\S+)$/m.exec(text)?.[1]);
    const parts = [...text.matchAll(/^headroom_memory_component_bytes\{.*\} (\S+)$/gm)].map(([, bytes]) =>
      Number(bytes),
    );
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(used);
  }
});

it("tells each store's items, bytes, bounds, look-ups and removals, durations by route, states and runs", async () => {
  const { metrics, traffic, events } = setUp();
  traffic.count("/api/v1/sessions/{id}", "GET", 200, "direct", 3);
  traffic.count("/api/v1/rag/query", "POST", 200, "direct", 40);
  events.emit("memory:optimized", { dryRun: false, trigger: "pressure" } as never);
  events.emit("memory:optimized", { dryRun: true, trigger: "manual" } as never);
  const lines = (await metrics.text()).split("\n");
  for (const line of [
    'headroom_store_items{store="cache"} 3',
    'headroom_store_max_items{store="cache"} 50',
    'headroom_store_bytes{store="cache"} 900',
    'headroom_store_hits_total{store="cache"} 7',
    'headroom_store_misses_total{store="cache"} 2',
    'headroom_store_rejections_total{store="cache"} 5',
    'headroom_store_removals_total{store="cache",cause="deleted"} 9',
    "headroom_writes_refused_total 11",
    'headroom_memory_level{level="elevated"} 1',
    'headroom_memory_level{level="critical"} 0',
    'headroom_leak_state{state="clear"} 1',
    'headroom_optimizations_total{trigger="pressure"} 1',
    'headroom_optimizations_total{trigger="manual"} 0',
    'headroom_http_request_duration_seconds_bucket{route="/api/v1/rag/query",method="POST",le="0.025"} 0',
    'headroom_http_request_duration_seconds_bucket{route="/api/v1/rag/query",method="POST",le="0.05"} 1',
    'headroom_http_request_duration_seconds_count{route="/api/v1/sessions/{id}",method="GET"} 1',
  ])
    expect(lines).toContain(line);
  expect(lines.filter((line) => line.startsWith("headroom_store_max_bytes{"))).toEqual([]);
});

it("tells disk, sockets, streams, the embedding model and the version that runs", async () => {
  const { metrics, embedder } = setUp();
  const lines = (await metrics.text()).split("\n");
  for (const line of [
    "headroom_disk_database_bytes 4096",
    `headroom_disk_quota_bytes ${2 * 1024 * 1024}`,
    "headroom_sockets_open 13",
    "headroom_stream_records_total 21",
    "headroom_stream_rejects_total 22",
    "headroom_embeddings_up 1",
    "headroom_embeddings_requests_total 31",
    "headroom_embeddings_errors_total 32",
    "headroom_embeddings_seconds_total 33.5",
    `headroom_build_info{version="${project.version}"} 1`,
  ])
    expect(lines).toContain(line);
  for (const [state, up] of [
    ["failing", 0],
    ["stopped", 1],
  ] as const) {
    embedder.state = state;
    expect((await metrics.text()).split("\n")).toContain(`headroom_embeddings_up ${up}`);
  }
});

it("tells the connections to Postgres, those for reads and for writes together, and none where rows are in a file", async () => {
  const pool = { open: 3, idle: 1, waiting: 2, max: 7, uses: 10, waitedMs: 1_500, longestWaitMs: 9, usedMs: 250 };
  const { metrics } = setUp({ reads: pool, writes: { ...pool, max: 1, waiting: 0 } });
  const lines = (await metrics.text()).split("\n");
  for (const line of [
    "headroom_postgres_connections_max 8",
    "headroom_postgres_connections_open 6",
    "headroom_postgres_connections_idle 2",
    "headroom_postgres_connections_waiting 2",
    "headroom_postgres_uses_total 20",
    "headroom_postgres_wait_seconds_total 3",
    "headroom_postgres_use_seconds_total 0.5",
  ])
    expect(lines).toContain(line);
  expect(await setUp().metrics.text()).not.toContain("postgres");
});

it("tells the last size of the database while its disk hangs", async () => {
  const { metrics, clock, database } = setUp();
  await metrics.text();
  database.sizeBytes = () => new Promise(() => undefined);
  const hanging = metrics.text();
  clock.advance(1_000);
  expect((await hanging).split("\n")).toContain("headroom_disk_database_bytes 4096");
  // Further scrapes ask no second question while the first one hangs.
  const again = vi.fn(async () => 8192);
  database.sizeBytes = again;
  const further = metrics.text();
  clock.advance(1_000);
  expect((await further).split("\n")).toContain("headroom_disk_database_bytes 4096");
  expect(again).not.toHaveBeenCalled();
});

it("tells the last size of the database while asking for it fails", async () => {
  const { metrics, database } = setUp();
  await metrics.text();
  database.sizeBytes = () => Promise.reject(new Error("gone"));
  expect((await metrics.text()).split("\n")).toContain("headroom_disk_database_bytes 4096");
});
