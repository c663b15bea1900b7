import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

const MB = 1024 * 1024;
const FILL_BYTES = 40 * MB;
/** The same before anything is measured, so that code, threads and heaps have the size that this work gives them anyway. */
const WARM_UP_BYTES = 24 * MB;
const collector = pathToFileURL(path.join(import.meta.dirname, "../support/collect-on-signal.mjs")).href;
const ALPHABETS = {
  ASCII: "abcdefghijklmnopqrstuvwxyz",
  é: "éèüñçøå",
  CJK: "世界記憶體會話響應",
  emoji: "😀😁😂🤣😃😄",
};

let server: TestServer;
test.beforeEach(async () => {
  server = await TestServer.start({
    env: {
      NODE_OPTIONS: `--import=${collector}`,
      HEADROOM_LOG_LEVEL: "warn",
      HEADROOM_MAX_SESSIONS: "1000000",
      HEADROOM_SESSIONS_MAX_MB: "256",
      HEADROOM_CACHE_MAX_ENTRIES: "300000",
      HEADROOM_CACHE_MAX_MB: "256",
      HEADROOM_CACHE_TTL_SECONDS: "3600",
      // As they were put: what is filled is then what must be held.
      HEADROOM_SESSION_PACKING: "off",
      HEADROOM_SESSION_HOT_TIER: "off",
      HEADROOM_CACHE_COMPRESSION: "off",
    },
  });
});
test.afterEach(() => server.remove());

/** Records of `bytes` each until they come to `total`; the text is all different, as values are. */
function records(letters: string, bytes: number, total: number, from: number): { body: string; count: number } {
  const alphabet = [...letters];
  const lines: string[] = [];
  const perLetter = Buffer.byteLength(alphabet[0] ?? "");
  for (let n = 0; n * bytes < total; n++) {
    let text = "";
    for (let i = 0; i < bytes / perLetter; i++) text += alphabet[(i * 7 + n + ((i * n) >> 3)) % alphabet.length];
    lines.push(JSON.stringify({ id: `record-${from + n}`, text }));
  }
  return { body: lines.join("\n"), count: lines.length };
}

async function importInto(store: "sessions" | "cache", body: string): Promise<void> {
  const answer = await server.send("POST", `/api/v1/streams?target=${store}&format=ndjson&wait=1`, Buffer.from(body), {
    "content-type": "application/x-ndjson",
  });
  expect(await answer.json()).toMatchObject({ state: "completed", rejected: 0 });
}

/** What the report says of the store and of what no one claims, after a full collection. */
async function breakdown(store: string): Promise<{ component: number; unattributed: number; used: number }> {
  const collections = server.output.split("HELD").length;
  server.process.kill("SIGUSR2");
  await expect.poll(() => server.output.split("HELD").length).toBe(collections + 1);
  const { sample } = (await (await server.get("/monitoring/memory")).json()) as {
    sample: { usedBytes: number; breakdown: { component: string; bytes: number }[] };
  };
  const of = (name: string) => sample.breakdown.find(({ component }) => component === name)?.bytes ?? 0;
  return { component: of(store), unattributed: of("unattributed"), used: sample.usedBytes };
}

/** Small sessions are left to the pool's own test: 100,000 rows would only measure the database. */
const SIZES = { sessions: [3_000, 60_000], cache: [400, 3_000, 60_000] } as const;

for (const store of ["sessions", "cache"] as const)
  for (const [name, letters] of Object.entries(ALPHABETS))
    for (const bytes of name === "ASCII" ? SIZES[store] : [3_000]) {
      test(`${store}: ${FILL_BYTES / MB} MB more of ${name} in values of ${bytes} B are in the report, within 10 %`, async () => {
        test.setTimeout(180_000);
        const warmUp = records(letters, bytes, WARM_UP_BYTES, 0);
        await importInto(store, warmUp.body);
        const before = await breakdown(store);
        const more = records(letters, bytes, FILL_BYTES, warmUp.count);
        await importInto(store, more.body);
        const after = await breakdown(store);
        const grown = after.component - before.component;
        // Small values carry their header, index and slot beside: that is claimed as well, and is no payload.
        if (bytes > 1_000) expect(Math.abs(grown - FILL_BYTES) / FILL_BYTES).toBeLessThanOrEqual(0.1);
        const unclaimed = Math.abs(after.unattributed - before.unattributed);
        console.log(
          store,
          name,
          bytes,
          (grown / MB).toFixed(1),
          (unclaimed / MB).toFixed(1),
          ((after.used - before.used) / MB).toFixed(1),
        );
        expect(unclaimed / grown).toBeLessThanOrEqual(0.1);
      });
    }
