import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { chatExample } from "./chat-example.ts";
import { packedFolder } from "./packed.ts";
import { type RunningApp, startExample } from "./running-app.ts";
import { headroom } from "./server.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const PAGES = path.join(ROOT, "docs/guides/adapters");
const LOGINS = process.env.HEADROOM_TEST_LONG ? 10_000 : 200;

const server = headroom({ HEADROOM_SESSION_DURABILITY: "always", HEADROOM_CACHE_MAX_ENTRIES: "1000" });
let folder: string;
beforeAll(() => {
  folder = packedFolder();
});
const environment = () => ({ ...process.env, HEADROOM_URL: server.url, HEADROOM_API_KEY: server.key });
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, args, { cwd: folder, env: environment() }).then(({ stdout }) => stdout);

interface Block {
  code: string;
  /** What it prints, where the page tells. */
  output: string | undefined;
}
const blocksOf = (page: string): Block[] =>
  [
    ...readFileSync(path.join(PAGES, page), "utf8").matchAll(/```js\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g),
  ].map(([, code = "", output]) => ({ code, output }));

describe("packed and installed in an empty folder", () => {
  it.each(["express-session", "keyv", "unstorage", "next", "ai-sdk", "langgraph", "langchain"])(
    "the entry of %s loads, and finds its peer",
    async (entry) => {
      expect(
        await run(
          "-e",
          `import("@headroom/adapters/${entry}").then((all) => console.log(Object.keys(all).length > 0))`,
        ),
      ).toBe("true\n");
    },
  );

  it.each(readdirSync(PAGES))("what %s shows runs, and prints what it says", async (page) => {
    const blocks = blocksOf(page);
    expect(blocks.length).toBeGreaterThan(0);
    for (const [index, { code, output }] of blocks.entries()) {
      const file = /^\/\/ (\S+\.mjs)\n/.exec(code)?.[1] ?? `${page}-${index}.mjs`;
      writeFileSync(path.join(folder, file), code);
      expect(await run(file), `${page}: ${file}`).toBe(output ?? "");
    }
  });
});

describe("examples/express", () => {
  let shop: RunningApp;
  const start = async (store: string): Promise<void> => {
    shop = await startExample("express", folder, { ...environment(), STORE: store }, ["--expose-gc"]);
  };
  const users = Array.from({ length: LOGINS }, (_, n) => `user-${n}`);

  /** Twenty at a time. */
  async function inTurns<T>(work: (user: string, index: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (let from = 0; from < users.length; from += 20)
      results.push(...(await Promise.all(users.slice(from, from + 20).map((user, n) => work(user, from + n)))));
    return results;
  }
  const signIn = async (user: string): Promise<string> => {
    const response = await fetch(`${shop.url}/login/${user}`, { method: "POST" });
    await response.arrayBuffer();
    return response.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  /** In MB, after a collection: of the process, and of what its heap holds. */
  const memory = async (): Promise<{ rss: number; heap: number }> => {
    const told = (await (await fetch(`${shop.url}/memory`)).json()) as Record<"rssBytes" | "heapUsedBytes", number>;
    return { rss: told.rssBytes / 1e6, heap: told.heapUsedBytes / 1e6 };
  };

  it(`${LOGINS} users stay signed in over kill -9 of Headroom, and the memory of Express is told`, async () => {
    await start("memory");
    const before = await memory();
    await inTurns(signIn);
    const inMemory = await memory();
    await shop.stop();

    await start("headroom");
    const empty = await memory();
    const cookies = await inTurns(signIn);
    const inHeadroom = await memory();
    await server.restart("SIGKILL");
    const found = await inTurns(async (_, n) => {
      const response = await fetch(`${shop.url}/me`, { headers: { cookie: cookies[n] ?? "" } });
      return ((await response.json()) as { user: string }).user;
    });
    await shop.stop();
    for (const of of ["rss", "heap"] as const)
      console.log(
        `${of} of Express over ${LOGINS} logins: MemoryStore ${before[of].toFixed(1)} → ${inMemory[of].toFixed(1)} MB, Headroom ${empty[of].toFixed(1)} → ${inHeadroom[of].toFixed(1)} MB`,
      );
    expect(found).toEqual(users);
    // Few sessions weigh less than Node's fetch.
    if (LOGINS >= 10_000) expect(inHeadroom.heap - empty.heap).toBeLessThan(inMemory.heap - before.heap);
  }, 3_600_000);
});

describe("examples/chat", () => chatExample(server, () => folder));
