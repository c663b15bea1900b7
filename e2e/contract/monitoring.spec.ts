import { readFileSync } from "node:fs";
import { expect } from "@playwright/test";
import { readDocument } from "../../lib/client/api-document/document.ts";
import {
  type MemorySample,
  memoryReportSchema,
  memorySampleSchema,
  type StoreHistory,
  storeHistorySchema,
} from "../../lib/contracts/memory.ts";
import { test } from "../support/fixtures.ts";

test("the report fits its schema, adds up, and its RSS is the kernel's within 5 %", async ({ server }) => {
  const { sample } = memoryReportSchema.parse(await (await server.get("/monitoring/memory")).json());
  const pages = Number(readFileSync(`/proc/${server.pid}/statm`, "utf8").split(" ")[1]);
  expect(Math.abs(sample.process.rssBytes / (pages * 4096) - 1)).toBeLessThan(0.05);
  expect(sample.breakdown.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(sample.usedBytes);
  expect(sample.usedRatio).toBeCloseTo(sample.usedBytes / sample.limitBytes, 10);
});

test("history has consecutive sequences, goes on after one, and groups by step", async ({ server }) => {
  const list = async (query: string) =>
    (await (await server.get(`/monitoring/memory/history${query}`)).json()) as { samples: MemorySample[] };
  await expect.poll(async () => (await list("")).samples.length).toBeGreaterThan(3);
  const { samples } = await list("");
  for (const sample of samples) memorySampleSchema.parse(sample);
  const sequences = samples.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
  const after = await list(`?afterSequence=${sequences[1]}`);
  expect(after.samples[0]?.sequence).toBe((sequences[1] ?? 0) + 1);
  const steps = await (await server.get("/monitoring/memory/history?stepSeconds=3600")).json();
  // The server may have lived in two hours.
  const step = expect.objectContaining({
    count: expect.any(Number),
    min: expect.objectContaining({ usedBytes: expect.any(Number) }),
  });
  expect(steps).toMatchObject({ stepSeconds: 3600, samples: expect.arrayContaining([step]) });
  const csv = await server.get("/monitoring/memory/history", { accept: "text/csv" });
  expect(csv.headers.get("content-type")).toContain("text/csv");
  expect((await csv.text()).split("\r\n")[0]).toBe(
    "at,usedBytes,limitBytes,rssBytes,heapUsedBytes,externalBytes,gcPauseMs,delayP99Ms,requests," +
      "usedBytesMin,usedBytesMax,rssBytesMax,heapUsedBytesMax,externalBytesMax,delayP99MsMax",
  );
});

test("each sample leaves what the stores held in their history, all or one of them", async ({ server }) => {
  const list = async (query: string): Promise<StoreHistory["moments"]> =>
    storeHistorySchema.parse(await (await server.get(`/monitoring/memory/stores${query}`)).json()).moments;
  await expect.poll(async () => (await list("")).length).toBeGreaterThan(2);
  const { stores } = memoryReportSchema.parse(await (await server.get("/monitoring/memory")).json());
  const all = await list("");
  expect(all.at(-1)?.stores.map(({ store }) => store)).toEqual(stores?.map(({ store }) => store));
  const times = all.map(({ sampledAt }) => Date.parse(sampledAt));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect((await list("?store=cache")).at(-1)?.stores.map(({ store }) => store)).toEqual(["cache"]);
  expect((await server.get("/monitoring/memory/stores?window=1")).status).toBe(400);
});

test("the description is OpenAPI 3.1 and names every route, and a page shows all of it without a key", async ({
  server,
}) => {
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(["/monitoring/memory", "/api/v1/settings", "/livez", "/metrics"]),
  );
  const described = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  const shown = readDocument(document).groups.flatMap(({ operations }) => operations.map(({ id }) => id));
  expect(shown.toSorted()).toEqual(described.toSorted());
  const page = await fetch(`${server.url}/docs`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'; script-src 'self' 'nonce-");
  expect((await page.text()).replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
  expect((await fetch(`${server.url}/docs/package.json`)).status).toBe(404);
  expect((await fetch(`${server.url}/docs`, { method: "POST" })).status).toBe(405);
});

test("the socket's events are described as AsyncAPI 3.0 to anybody, by the schemas of the same data over HTTP", async ({
  server,
}) => {
  const answer = await fetch(`${server.url}/asyncapi.json`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  const events = (await answer.json()) as {
    asyncapi: string;
    components: { messages: Record<string, { name: string }>; schemas: Record<string, unknown> };
  };
  expect(events.asyncapi).toBe("3.0.0");
  expect(Object.values(events.components.messages).map(({ name }) => name)).toContain("memory:sample");
  const { components } = (await (await fetch(`${server.url}/openapi.json`)).json()) as typeof events;
  for (const name of ["MemorySample", "OptimizationRun", "LeakReport", "StreamJob"])
    expect(events.components.schemas[name]).toEqual(components.schemas[name]);
  expect((await fetch(`${server.url}/asyncapi.json`, { method: "PUT" })).status).toBe(405);
});

test("metrics need a viewer, and are Prometheus text", async ({ server }) => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  const text = await (
    await server.get("/metrics", { authorization: `Bearer ${await server.createKey("viewer")}` })
  ).text();
  expect(text).toContain("process_resident_memory_bytes");
  expect(text).toMatch(/headroom_memory_component_bytes\{component="unattributed"\}/);
  expect(text).toMatch(/headroom_http_request_duration_seconds_bucket\{route="[^"]+",method="[A-Z]+",le="\+Inf"\} \d+/);
  expect(text).toMatch(/# TYPE headroom_writes_refused_total counter/);
  expect(text).toMatch(/headroom_store_hits_total\{store="sessions"\} \d+/);
  const used = Number(/^headroom_memory_used_bytes (\S+)$/m.exec(text)?.[1]);
  const parts = [...text.matchAll(/^headroom_memory_component_bytes\{[^}]*\} (\S+)$/gm)].map(([, bytes]) =>
    Number(bytes),
  );
  expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(used);
});
