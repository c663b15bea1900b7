import { expect } from "@playwright/test";
import { io } from "socket.io-client";
import { z } from "zod";
import { auditEntrySchema } from "../../lib/contracts/audit.ts";
import {
  memoryReportSchema,
  type OptimizationRun,
  optimizationRunSchema,
  recommendationSchema,
} from "../../lib/contracts/memory.ts";
import { test } from "../support/fixtures.ts";

const OPTIMIZE = "/monitoring/memory/optimize";
const RUNS = "/monitoring/memory/optimizations";
const runsSchema = z.object({ items: z.array(optimizationRunSchema), nextCursor: z.string().nullable() });

test("a run is answered when it has ended, recorded, listed first and told in the report and the audit", async ({
  server,
}) => {
  const run = optimizationRunSchema.parse(await (await server.send("POST", OPTIMIZE)).json());
  expect(run).toMatchObject({ trigger: "manual", dryRun: false });
  expect(["completed", "nothing-to-do"]).toContain(run.state);
  const { items } = runsSchema.parse(await (await server.get(RUNS)).json());
  expect(items[0]).toEqual(run);
  expect(await (await server.get(`${RUNS}/${run.id}`)).json()).toEqual(run);
  const report = memoryReportSchema.parse(await (await server.get("/monitoring/memory")).json());
  expect(report.optimizer).toMatchObject({ running: false, lastRun: run, nextAutomaticAt: expect.any(String) });
  const audit = (await (await server.get("/api/v1/audit?limit=5")).json()) as { items: unknown[] };
  const entries = z.array(auditEntrySchema).parse(audit.items);
  expect(entries).toContainEqual(
    expect.objectContaining({ action: "memory.optimize", target: run.id, outcome: "done" }),
  );
});

test("a dry run changes and records nothing", async ({ server }) => {
  const before = await (await server.get(RUNS)).text();
  const response = await server.send("POST", OPTIMIZE, { dryRun: true, targetRatio: 0.1 });
  expect(optimizationRunSchema.parse(await response.json()).dryRun).toBe(true);
  expect(await (await server.get(RUNS)).text()).toBe(before);
});

test("a run whose target cannot be reached says why", async ({ server }) => {
  const run = optimizationRunSchema.parse(await (await server.send("POST", OPTIMIZE, { targetRatio: 0.01 })).json());
  expect(run.note).toContain("missed by");
});

test("runs come page by page, each once", async ({ server }) => {
  for (let at = 0; at < 3; at++) await server.send("POST", OPTIMIZE, { steps: ["collect"] });
  const all = runsSchema.parse(await (await server.get(`${RUNS}?limit=500`)).json()).items.map(({ id }) => id);
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = runsSchema.parse(await (await server.get(`${RUNS}?limit=2${query}`)).json());
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(all);
  expect(new Set(seen).size).toBe(seen.length);
});

test("bodies that do not fit are 400, steps that no store has 422, unknown runs 404", async ({ server }) => {
  for (const body of [
    { targetRatio: 1.5 },
    { targetRatio: "0.5" },
    { steps: [] },
    { dryRun: 1 },
    { force: true },
    [],
  ]) {
    expect([body, (await server.send("POST", OPTIMIZE, body)).status]).toEqual([body, 400]);
  }
  const unknown = await server.send("POST", OPTIMIZE, { steps: ["evict:nobody"] });
  expect(unknown.status).toBe(422);
  expect(await unknown.json()).toMatchObject({ code: "unprocessable", errors: [{ path: "/steps" }] });
  expect((await server.get(`${RUNS}/none`)).status).toBe(404);
  expect((await server.get(`${RUNS}?cursor=!`)).status).toBe(400);
});

test("a viewer sees runs and advice and starts none: the refusal is in the audit", async ({ server }) => {
  const viewer = { authorization: `Bearer ${await server.createKey("viewer")}` };
  const refused = await server.send("POST", OPTIMIZE, {}, viewer);
  expect(refused.status).toBe(403);
  expect((await server.get(RUNS, viewer)).status).toBe(200);
  const advice = (await (await server.get("/monitoring/memory/recommendations", viewer)).json()) as {
    items: unknown[];
  };
  expect(z.array(recommendationSchema).min(1).parse(advice.items)).toBeTruthy();
  const { items } = (await (await server.get("/api/v1/audit?limit=5")).json()) as { items: unknown[] };
  expect(items).toContainEqual(expect.objectContaining({ action: "refused", target: `POST ${OPTIMIZE}` }));
});

test("two calls at once give one run, told step by step, and both are in the audit", async ({ server }) => {
  const text = "what a session holds until it is packed ".repeat(400);
  const create = (at: number) => server.send("POST", "/api/v1/sessions", { data: { at, text } });
  // Packing these takes far longer than it takes the second call to arrive.
  for (let at = 0; at < 400; at += 40) await Promise.all(Array.from({ length: 40 }, (_, next) => create(at + next)));
  const second = await server.createKey("operator");
  const told: { event: string; run: OptimizationRun }[] = [];
  const socket = io(`${server.url}/monitoring`, { auth: { token: second }, transports: ["websocket"] });
  for (const event of ["memory:optimize-progress", "memory:optimized"])
    socket.on(event, (run: OptimizationRun) => told.push({ event, run }));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const answers = await Promise.all([
    server.send("POST", OPTIMIZE, {}),
    server.send("POST", OPTIMIZE, { targetRatio: 0.9 }, { authorization: `Bearer ${second}` }),
  ]);
  const [first, joined] = await Promise.all(
    answers.map(async (answer) => optimizationRunSchema.parse(await answer.json())),
  );
  expect(joined).toEqual(first);
  expect(first?.steps.map(({ step }) => step)).toEqual(
    expect.arrayContaining(["expire:sessions", "recompress:sessions"]),
  );
  await expect.poll(() => told.filter(({ event }) => event === "memory:optimized").length).toBe(1);
  socket.disconnect();
  expect(told.at(-1)).toEqual({ event: "memory:optimized", run: first });
  expect(told.slice(0, -1).map(({ run }) => run.steps.length)).toEqual(first?.steps.map((_, at) => at + 1));
  const { items } = runsSchema.parse(await (await server.get(RUNS)).json());
  expect(items.filter(({ id }) => id === first?.id)).toHaveLength(1);
  const audit = (await (await server.get("/api/v1/audit?limit=10")).json()) as { items: unknown[] };
  const entries = z
    .array(auditEntrySchema)
    .parse(audit.items)
    .filter(({ target }) => target === first?.id);
  expect(new Set(entries.map(({ actor }) => actor)).size).toBe(2);
});
