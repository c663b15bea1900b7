import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const MB = 2 ** 20;
const PROFILES = "/monitoring/memory/profiles";

interface Usage {
  usedBytes: number;
  usedRatio: number;
  limitBytes: number;
}

async function usageOf(server: TestServer): Promise<Usage> {
  const { sample } = (await (await server.get("/monitoring/memory")).json()) as { sample: Usage };
  return sample;
}

/** A server whose usage is `ratio` of its limit, within a tenth of it: what it uses depends a little on the limit it is told. */
async function serverUsing(ratio: number): Promise<{ server: TestServer; usage: Usage }> {
  let limitMb = Math.round(180 / ratio);
  for (let attempt = 0; attempt < 4; attempt++) {
    const server = await TestServer.start({
      env: { HEADROOM_SNAPSHOTS: "on", HEADROOM_MEMORY_LIMIT_MB: String(limitMb) },
    });
    const usage = await usageOf(server);
    if (Math.abs(usage.usedRatio / ratio - 1) < 0.1) return { server, usage };
    await server.remove();
    limitMb = Math.round(usage.usedBytes / MB / ratio);
  }
  throw new Error(`no limit was found at which usage is ${ratio} of it`);
}

test("at 60 % of the limit a snapshot is refused with numbers that were shown beforehand, and nothing is written", async () => {
  const { server, usage } = await serverUsing(0.6);
  try {
    const shown = (await (await server.get(PROFILES)).json()).snapshot;
    expect(shown).toMatchObject({ enabled: true, allowed: false });
    const refused = await server.send("POST", PROFILES, { kind: "heap-snapshot" });
    expect(refused.status).toBe(507);
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    expect(code).toBe("insufficient-memory");
    const [estimateBytes = 0, freeBytes = 0] = (detail.match(/\d{6,}/g) ?? []).map(Number);
    expect(estimateBytes).toBeGreaterThan(freeBytes);
    expect(Math.abs(estimateBytes - shown.estimateBytes)).toBeLessThan(64 * MB);
    expect(Math.abs(freeBytes - (usage.limitBytes - usage.usedBytes))).toBeLessThan(32 * MB);
    expect((await (await server.get(PROFILES)).json()).items).toEqual([]);
  } finally {
    await server.remove();
  }
});

test("T38: at 5 % of the limit a snapshot completes within its estimate, and is valid, private, and handed out for the key alone", async () => {
  const { server } = await serverUsing(0.05);
  try {
    const { snapshot } = await (await server.get(PROFILES)).json();
    expect(snapshot.allowed).toBe(true);
    const before = (await usageOf(server)).usedBytes;
    const begun = await server.send("POST", PROFILES, { kind: "heap-snapshot" });
    expect(begun.status).toBe(202);
    const { id } = (await begun.json()) as { id: string };
    const location = begun.headers.get("location") ?? "";
    await expect
      .poll(async () => (await (await server.get(location)).json()).state, { timeout: 180_000 })
      .toBe("completed");
    expect(mostRssBytes(server.pid) - before).toBeLessThan(snapshot.estimateBytes);
    expect(statSync(path.join(server.dir, "profiles", `${id}.heapsnapshot`)).mode & 0o777).toBe(0o600);

    const signIn = await server.send("POST", "/api/v1/auth/sign-in", { key: OPERATOR_KEY });
    const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect((await fetch(`${server.url}${location}/download`, { headers: { cookie } })).status).toBe(401);
    expectSnapshotFormat(await (await server.get(`${location}/download`)).json());
  } finally {
    await server.remove();
  }
});

/** The most memory the process ever had, as the kernel counts it. */
function mostRssBytes(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; edge_fields: string[] }; node_count: number; edge_count: number };
  nodes: number[];
  edges: number[];
  strings: string[];
}

/** What Chrome DevTools relies on: tables of whole records, names that exist, edges that lead to nodes. */
function expectSnapshotFormat({ snapshot, nodes, edges, strings }: Snapshot): void {
  const { node_fields: nodeFields, edge_fields: edgeFields } = snapshot.meta;
  expect(nodeFields).toContain("self_size");
  expect(nodes).toHaveLength(snapshot.node_count * nodeFields.length);
  expect(edges).toHaveLength(snapshot.edge_count * edgeFields.length);
  const name = nodeFields.indexOf("name");
  const edgeCount = nodeFields.indexOf("edge_count");
  const target = edgeFields.indexOf("to_node");
  let leading = 0;
  let unnamed = 0;
  for (let i = 0; i < nodes.length; i += nodeFields.length) {
    leading += nodes[i + edgeCount] ?? 0;
    if (strings[nodes[i + name] ?? -1] === undefined) unnamed += 1;
  }
  let astray = 0;
  for (let i = target; i < edges.length; i += edgeFields.length) {
    const node = edges[i] ?? -1;
    if (node % nodeFields.length !== 0 || nodes[node] === undefined) astray += 1;
  }
  expect({ leading, unnamed, astray }).toEqual({ leading: snapshot.edge_count, unnamed: 0, astray: 0 });
}
