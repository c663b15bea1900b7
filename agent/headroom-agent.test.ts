import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { json } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";

interface Post {
  samples: { process: { rssBytes: number; heapTotalBytes: number; externalBytes: number; heapPeakBytes?: number } }[];
  sites?: { site: string }[];
}

let server: Server;
let child: ChildProcess;
const agent = path.join(import.meta.dirname, "headroom-agent.mjs");

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.disconnect();
    await once(child, "exit");
  }
  server.closeAllConnections();
  server.close();
});

/** Runs a program under the agent against a server that asks for a collection each time. */
async function watch(program: string, onPost: (post: Post) => void, sampleMs = 20): Promise<ChildProcess> {
  server = createServer(async (request, response) => {
    onPost((await json(request)) as Post);
    response.end(JSON.stringify({ collect: true }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  child = fork(path.join(import.meta.dirname, program), {
    execArgv: ["--import", agent],
    env: {
      ...process.env,
      HEADROOM_AGENT_URL: `http://127.0.0.1:${port}`,
      HEADROOM_AGENT_SAMPLE_MS: String(sampleMs),
      HEADROOM_AGENT_TIME_SCALE: "100000",
    },
  });
  return child;
}

it("the agent names the function behind each maker of buffers, on this version of Node", async () => {
  const named = new Set<string>();
  let makers: string[] | null = null;
  const program = await watch("makers.fixture.mjs", ({ sites = [] }) => {
    for (const { site } of sites) named.add(site.split(" ")[0] ?? "");
  });
  program.once("message", (names) => {
    makers = names as string[];
  });
  await expect.poll(() => makers?.filter((maker) => !named.has(maker))).toEqual([]);
});

it("after a collection that was asked for, RSS holds no heap beyond what the sample says", async () => {
  const posts: Post[] = [];
  const program = await watch("pool.fixture.mjs", (post) => posts.push(post));
  await once(program, "message");
  const samples = () => posts.flatMap((post) => post.samples.map((sample) => sample.process));
  const beside = (s: Post["samples"][number]["process"]) =>
    s.rssBytes - s.externalBytes - (s.heapPeakBytes ?? s.heapTotalBytes);
  await expect.poll(() => Math.max(...samples().map((s) => s.rssBytes))).toBeGreaterThan(150 * 2 ** 20);
  program.send("release");
  // 150 MB of dead objects were there; the process needs 40 to 80 MB beside its heap.
  await expect.poll(() => samples().at(-1)?.rssBytes).toBeLessThan(130 * 2 ** 20);
  const last = samples().at(-1);
  expect(last && beside(last)).toBeGreaterThan(20 * 2 ** 20);
});

it.runIf(Number.parseInt(process.versions.v8, 10) >= 12)(
  "a peak between the collection that was asked for and the next sample is told like any other",
  async () => {
    const posts: Post[] = [];
    await watch("bursts.fixture.mjs", (post) => posts.push(post), 200);
    const samples = () => posts.flatMap((post) => post.samples.map((sample) => sample.process)).slice(1);
    // One collection in ten samples.
    await expect.poll(() => samples().length, { timeout: 30_000 }).toBeGreaterThan(25);
    const beyond = samples().map((s) => (s.heapPeakBytes ?? 0) - s.heapTotalBytes);
    expect(Math.min(...beyond)).toBeGreaterThan(10 * 2 ** 20);
  },
);
