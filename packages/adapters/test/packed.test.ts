import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { packedFolder } from "./packed.ts";
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
  let shop: { process: ChildProcess; url: string };

  async function start(store: string): Promise<void> {
    copyFileSync(path.join(ROOT, "examples/express/app.mjs"), path.join(folder, "app.mjs"));
    const child = spawn(process.execPath, ["--expose-gc", "app.mjs"], {
      cwd: folder,
      env: { ...environment(), PORT: "0", STORE: store },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the shop ended with ${code}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        const found = /at (http:\S+)/.exec(chunk.toString())?.[1];
        if (found) resolve(found);
      });
    });
    shop = { process: child, url };
  }
  async function stop(): Promise<void> {
    const ended = new Promise((resolve) => shop.process.once("exit", resolve));
    shop.process.kill();
    await ended;
  }
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
  const rss = async (): Promise<number> =>
    ((await (await fetch(`${shop.url}/memory`)).json()) as { rssBytes: number }).rssBytes / 1e6;

  it(`${LOGINS} users stay signed in over kill -9 of Headroom, and the memory of Express is told`, async () => {
    await start("memory");
    const before = await rss();
    await inTurns(signIn);
    const inMemory = await rss();
    await stop();

    await start("headroom");
    const empty = await rss();
    const cookies = await inTurns(signIn);
    const inHeadroom = await rss();
    await server.restart("SIGKILL");
    const found = await inTurns(async (_, n) => {
      const response = await fetch(`${shop.url}/me`, { headers: { cookie: cookies[n] ?? "" } });
      return ((await response.json()) as { user: string }).user;
    });
    await stop();
    console.log(
      `RSS of Express over ${LOGINS} logins: MemoryStore ${before.toFixed(0)} → ${inMemory.toFixed(0)} MB, Headroom ${empty.toFixed(0)} → ${inHeadroom.toFixed(0)} MB`,
    );
    expect(found).toEqual(users);
  });
});
