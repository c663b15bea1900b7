import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const MIB = 2 ** 20;

/** A service whose buffers leak: 0.4 MiB a sample, nothing else moves. */
function leakingSample(i: number) {
  const external = (4 + 0.4 * i) * MIB;
  return {
    sequence: i,
    sampledAt: new Date(Date.UTC(2026, 0, 1) + i * 30_000).toISOString(),
    process: {
      rssBytes: 80 * MIB + external,
      heapUsedBytes: 9 * MIB,
      heapTotalBytes: 24 * MIB,
      externalBytes: external,
      arrayBuffersBytes: external - MIB,
    },
    gc: { heapUsedAfterMajorBytes: null },
    activity: { requests: 100 },
  };
}

async function sendAll(server: TestServer, name: string, count: number) {
  for (let from = 0; from < count; from += 60) {
    const samples = Array.from({ length: Math.min(60, count - from) }, (_, k) => leakingSample(from + k));
    const sites = [{ site: "keepUpload (/srv/app.js:12)", depth: 2, liveBytes: (from + 60) * 0.4 * MIB }];
    const response = await server.send("POST", `/api/v1/agents/${name}/samples`, {
      bootId: "one",
      sampleMs: 30_000,
      samples,
      sites,
    });
    expect(response.status).toBe(200);
  }
}

test("a watched service's leak is confirmed, with its culprit, beside the server's own verdict", async ({ server }) => {
  await sendAll(server, "uploads", 150);
  const view = await (await server.get("/monitoring/memory/leaks")).json();
  expect(["warming-up", "clear"]).toContain(view.state);
  expect(view.agents).toContainEqual(expect.objectContaining({ name: "uploads", state: "confirmed" }));
  const detail = await (await server.get("/api/v1/agents/uploads")).json();
  expect(detail.suspects[0]).toMatchObject({
    series: "external",
    attribution: [{ site: "keepUpload (/srv/app.js:12)" }],
  });
  expect(detail.suspects[0].slopeBytesPerHour / (0.4 * MIB * 120)).toBeCloseTo(1, 1);
  expect(detail.channels.map((c: { series: string }) => c.series)).toEqual([
    "heap",
    "external",
    "arrayBuffers",
    "native",
  ]);
  const history = await (await server.get("/monitoring/memory/leaks/history")).json();
  const mine = history.items.filter((item: { source: string | null }) => item.source === "uploads");
  expect(mine.map((item: { state: string }) => item.state).slice(0, 2)).toEqual(["confirmed", "suspected"]);
});

test("samples that cannot be meant are refused, another namespace sees nothing, and a viewer sends none", async ({
  server,
}) => {
  const bad = { ...leakingSample(0), process: { ...leakingSample(0).process, rssBytes: -1 } };
  expect((await server.send("POST", "/api/v1/agents/x/samples", { samples: [bad] })).status).toBe(400);
  const many = Array.from({ length: 61 }, (_, i) => leakingSample(i));
  expect((await server.send("POST", "/api/v1/agents/x/samples", { samples: many })).status).toBe(400);
  await sendAll(server, "apart", 1);
  const foreign = { authorization: `Bearer ${await server.createKey("viewer", "other")}` };
  expect((await server.get("/api/v1/agents/apart", foreign)).status).toBe(404);
  expect((await server.send("POST", "/api/v1/agents/x/samples", { samples: [] }, foreign)).status).toBe(403);
  expect((await server.get("/monitoring/memory/leaks?agent=apart", foreign)).status).toBe(404);
});

test("an allocation profile runs with progress, names sites, downloads for DevTools, and is audited", async ({
  server,
}) => {
  const begun = await server.send("POST", "/monitoring/memory/profiles", { kind: "allocation-sampling", seconds: 1 });
  expect(begun.status).toBe(202);
  const location = begun.headers.get("location") ?? "";
  const again = await server.send("POST", "/monitoring/memory/profiles", { kind: "allocation-sampling", seconds: 1 });
  expect(again.status).toBe(409);
  await expect.poll(async () => (await (await server.get(location)).json()).state).toBe("completed");
  const file = await server.get(`${location}/download`);
  expect(file.headers.get("content-disposition")).toContain(".heapprofile");
  expect(await file.json()).toMatchObject({
    head: { callFrame: { functionName: "(root)" }, children: expect.any(Array) },
  });
  const audit = await (await server.get("/api/v1/audit")).json();
  expect(audit.items.map((entry: { action: string }) => entry.action)).toEqual(
    expect.arrayContaining(["profile.take", "profile.download"]),
  );
});

test("a heap snapshot is refused while they are off, and profiles are for operators", async ({ server }) => {
  expect((await server.send("POST", "/monitoring/memory/profiles", { kind: "heap-snapshot" })).status).toBe(403);
  const list = await (await server.get("/monitoring/memory/profiles")).json();
  expect(list.snapshot).toMatchObject({ enabled: false, allowed: false });
  expect(list.snapshot.estimateBytes).toBeGreaterThan(0);
  const viewer = { authorization: `Bearer ${await server.createKey("viewer")}` };
  expect((await server.get("/monitoring/memory/profiles", viewer)).status).toBe(403);
  expect((await server.get("/monitoring/memory/profiles/nonsense")).status).toBe(400);
  expect((await server.get("/monitoring/memory/profiles/00000000-0000-4000-8000-000000000000")).status).toBe(404);
});

test("workers of one name are watched apart, and the name tells the worst of them", async ({ server }) => {
  for (let from = 0; from < 150; from += 50) {
    const samples = Array.from({ length: 50 }, (_, k) => leakingSample(from + k));
    const calm = samples.map((s) => ({ ...s, process: leakingSample(0).process }));
    for (const [bootId, sent] of [
      ["calm-1", calm],
      ["leaking", samples],
      ["calm-2", calm],
    ] as const) {
      await server.send("POST", "/api/v1/agents/cluster/samples", { bootId, sampleMs: 30_000, samples: sent });
    }
  }
  const view = await (await server.get("/monitoring/memory/leaks?agent=cluster")).json();
  expect(view).toMatchObject({ state: "confirmed", silentSince: null, samples: 150 });
  expect(view.processes[0]).toMatchObject({ bootId: "leaking", state: "confirmed", samples: 150 });
  expect(view.processes.map((p: { state: string }) => p.state)).toEqual(["confirmed", "clear", "clear"]);
  const report = await (await server.get("/monitoring/memory")).json();
  expect(report.services.confirmed).toContain("cluster");
});

test("posts say why samples are passed over: a seventeenth process of a name, and a namespace with its part of the memory", async ({
  server,
}) => {
  const crowd = { authorization: `Bearer ${await server.createKey("consumer", "crowd")}` };
  const watcher = { authorization: `Bearer ${await server.createKey("viewer", "crowd")}` };
  const post = async (name: string, bootId: string, samples: object[], headers?: Record<string, string>) =>
    (await server.send("POST", `/api/v1/agents/${name}/samples`, { bootId, samples }, headers)).json();
  expect(await post("empty", "a", [], crowd)).toMatchObject({ accepted: 0, notWatched: null });
  for (let i = 0; i < 16; i++) await post("full", `${i}`, [], crowd);
  const late = await post("full", "late", [leakingSample(0)], crowd);
  expect(late).toMatchObject({ accepted: 0, notWatched: "too-many-processes" });
  // Watches take an eighth of the limit at most, and a namespace eight ninths of that.
  const { sample } = await (await server.get("/monitoring/memory")).json();
  const reasons = new Map<string | null, number>();
  for (let i = 0; i * 8 * MIB < sample.limitBytes; i++) {
    const { notWatched } = await post(`crowd-${i >> 4}`, `${i}`, [leakingSample(0)], crowd);
    reasons.set(notWatched, (reasons.get(notWatched) ?? 0) + 1);
  }
  expect([...reasons.keys()]).toEqual([null, "no-memory"]);
  const list = await (await server.get("/api/v1/agents", watcher)).json();
  const processes = list.items.flatMap((s: { processes: { notWatched: string | null }[] }) => s.processes);
  const refused = processes.filter((p: { notWatched: string | null }) => p.notWatched === "no-memory");
  expect(refused).toHaveLength(reasons.get("no-memory") ?? 0);
  expect((await post("beside", "a", [leakingSample(0)])).notWatched).toBeNull();
});

test("a service that nothing came from for three of its periods says since when it is silent", async ({ server }) => {
  await server.send("POST", "/api/v1/agents/gone/samples", {
    bootId: "one",
    sampleMs: 100,
    samples: [leakingSample(0)],
  });
  const { lastSeenAt } = await (await server.get("/api/v1/agents/gone")).json();
  await expect.poll(async () => (await (await server.get("/api/v1/agents/gone")).json()).silentSince).toBe(lastSeenAt);
  const report = await (await server.get("/monitoring/memory")).json();
  expect(report.services.silent).toContain("gone");
  const list = await (await server.get("/api/v1/agents")).json();
  expect(list.items.find((s: { name: string }) => s.name === "gone").processes[0].silentSince).toBe(lastSeenAt);
});
