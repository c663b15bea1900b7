import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

const MB = 1024 * 1024;
const long = process.env.HEADROOM_TEST_LONG === "1";
/** Enough that a tenth of it stands out from what a process that streams grows and shrinks by anyway. */
const FILL_BYTES = 120 * MB;
/** The same before anything is measured, so that code, threads and heaps have the size that this work gives them anyway. */
const WARM_UP_BYTES = 60 * MB;
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
      HEADROOM_CACHE_MAX_ENTRIES: "300000",
      HEADROOM_CACHE_MAX_MB: "512",
      HEADROOM_CACHE_TTL_SECONDS: "3600",
      // As they were put: what is filled is then what must be held.
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

async function importInto(body: string): Promise<void> {
  const answer = await server.send("POST", `/api/v1/streams?target=cache&format=ndjson&wait=1`, Buffer.from(body), {
    "content-type": "application/x-ndjson",
  });
  expect(await answer.json()).toMatchObject({ state: "completed", rejected: 0 });
}

/** What the report says of the cache and of what no one claims, after a full collection. */
async function breakdown(): Promise<{ component: number; unattributed: number; used: number }> {
  const collections = server.output.split("HELD").length;
  server.process.kill("SIGUSR2");
  await expect.poll(() => server.output.split("HELD").length).toBe(collections + 1);
  const { sample } = (await (await server.get("/monitoring/memory")).json()) as {
    sample: { usedBytes: number; breakdown: { component: string; bytes: number }[] };
  };
  const of = (name: string) => sample.breakdown.find(({ component }) => component === name)?.bytes ?? 0;
  return { component: of("cache"), unattributed: of("unattributed"), used: sample.usedBytes };
}

/** The objects of an entry (900 B) are held and claimed too: below this they are over a tenth of it. */
const MOSTLY_PAYLOAD_BYTES = 10_000;

/** Sizes in bytes. One of each width of a character, and the small ones; the rest takes minutes, and is in `npm run test:long`. */
const SIZES: Record<keyof typeof ALPHABETS, readonly number[]> = long
  ? { ASCII: [20_000, 3_000, 60_000], é: [20_000], CJK: [20_000], emoji: [20_000] }
  : { ASCII: [3_000], é: [20_000], CJK: [], emoji: [20_000] };

for (const [name, sizes] of Object.entries(SIZES))
  for (const bytes of sizes) {
    const letters = ALPHABETS[name as keyof typeof ALPHABETS];
    test(`cache: ${FILL_BYTES / MB} MB more of ${name} in values of ${bytes} B are in the report, within 10 %`, async () => {
      const warmUp = records(letters, bytes, WARM_UP_BYTES, 0);
      await importInto(warmUp.body);
      const before = await breakdown();
      const more = records(letters, bytes, FILL_BYTES, warmUp.count);
      await importInto(more.body);
      const after = await breakdown();
      const grown = after.component - before.component;
      if (bytes > MOSTLY_PAYLOAD_BYTES) {
        expect(grown / FILL_BYTES).toBeGreaterThan(0.9);
        expect(grown / FILL_BYTES).toBeLessThan(1.1);
      }
      const unclaimed = Math.abs(after.unattributed - before.unattributed);
      expect(unclaimed / (after.used - before.used)).toBeLessThanOrEqual(0.1);
    });
  }
