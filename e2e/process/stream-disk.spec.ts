import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import type { StreamJobView } from "../../lib/contracts/streams.ts";
import { TestServer } from "../support/server.ts";

const MIB = 1024 * 1024;
const DIMENSIONS = 512;
const PATH = "/api/v1/streams";

function fvecs(count: number): Buffer {
  const bytes = Buffer.alloc(count * (4 + DIMENSIONS * 4));
  for (let i = 0, at = 0; i < count; i++) {
    at = bytes.writeInt32LE(DIMENSIONS, at);
    for (let j = 0; j < DIMENSIONS; j++) at = bytes.writeFloatLE(Math.sin(i * DIMENSIONS + j), at);
  }
  return bytes;
}

const json = async <Body>(answer: Promise<Response>): Promise<Body> => (await (await answer).json()) as Body;
const items = async (server: TestServer, name: string): Promise<number> =>
  (await json<{ items: number }>(server.get(`/api/v1/collections/${name}`))).items;
const upload = (server: TestServer, name: string, body: Buffer): Promise<Response> =>
  server.send("POST", `${PATH}?target=vectors:${name}&format=fvecs&wait=1`, body);

/** Sends until the disk is full; the job says so, what it counts is there and nothing else, and reads go on. */
async function fill(server: TestServer, whole: Buffer): Promise<StreamJobView> {
  expect(
    (await server.send("PUT", "/api/v1/collections/full", { dimensions: DIMENSIONS, metric: "cosine" })).status,
  ).toBe(201);
  const refused = await upload(server, "full", whole);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([507, "storage-full"]);
  const job = await json<StreamJobView>(server.get(refused.headers.get("location") ?? ""));
  expect(job).toMatchObject({ state: "failed", resumable: true, error: { code: "storage-full" }, bufferedBytes: 0 });
  expect(job.records).toBeGreaterThan(0);
  expect(await items(server, "full")).toBe(job.records);
  expect((await server.get("/api/v1/collections/full/points/1")).status).toBe(200);
  expect((await server.get("/livez")).status).toBe(200);
  return job;
}

/** Goes on where the job stopped, then sends all of it again: every vector is there once. */
async function complete(server: TestServer, job: StreamJobView, whole: Buffer, count: number): Promise<void> {
  const { uploadOffset } = await json<StreamJobView>(server.get(`${PATH}/${job.id}`));
  const rest = await server.send("PATCH", `${PATH}/${job.id}?wait=1`, whole.subarray(uploadOffset), {
    "upload-offset": String(uploadOffset),
  });
  expect(await rest.json()).toMatchObject({ state: "completed", records: count, rejected: 0, error: null });
  expect(await items(server, "full")).toBe(count);
  expect(await json(upload(server, "full", whole))).toMatchObject({ state: "completed", records: count });
  expect(await items(server, "full")).toBe(count);
}

test.describe("T54: streams and a full disk", () => {
  test("a used-up quota fails the job, leaves what it counts, and the job goes on once there is room", async () => {
    const server = await TestServer.start({ env: { HEADROOM_DISK_MAX_MB: "13" } });
    try {
      await server.send("PUT", "/api/v1/collections/ballast", { dimensions: DIMENSIONS, metric: "cosine" });
      expect((await upload(server, "ballast", fvecs(3000))).status).toBe(200);
      const whole = fvecs(3000);
      const job = await fill(server, whole);
      expect((await server.send("DELETE", "/api/v1/collections/ballast")).status).toBe(204);
      await complete(server, job, whole, 3000);
    } finally {
      await server.remove();
    }
  });

  test("a disk without room fails the job, leaves what it counts, and the job goes on once there is room", async () => {
    const disk = mkdtempSync(path.join(tmpdir(), "headroom-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", disk]);
    test.skip(mounted.status !== 0, "a small disk can be mounted by root alone");
    try {
      writeFileSync(path.join(disk, "ballast"), Buffer.alloc(35 * MIB));
      const server = await TestServer.start({ dir: path.join(disk) });
      try {
        const whole = fvecs(4000);
        const job = await fill(server, whole);
        rmSync(path.join(disk, "ballast"));
        await complete(server, job, whole, 4000);
        // What is left are the ids that both jobs made, and no rejects.
        const logs = readdirSync(path.join(disk, "headroom.db-streams"));
        expect(logs.map((name) => name.replace(/^[0-9a-f-]{36}/, "id"))).toEqual(Array(2).fill("id.results.ndjson"));
      } finally {
        await server.stop();
      }
    } finally {
      spawnSync("umount", [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
