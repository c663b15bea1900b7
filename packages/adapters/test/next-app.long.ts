import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { packedFolder } from "./packed.ts";
import { headroom } from "./server.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const EXAMPLE = path.join(ROOT, "examples/next");
const server = headroom({ HEADROOM_SESSION_DURABILITY: "always", HEADROOM_CACHE_MAX_ENTRIES: "1000" });
const NEXT = ["node_modules/next/dist/bin/next"];

let folder: string;
let urls: string[] = [];
const instances: ChildProcess[] = [];
const environment = () => ({
  ...process.env,
  NODE_ENV: "production" as const,
  NEXT_TELEMETRY_DISABLED: "1",
  HEADROOM_URL: server.url,
  HEADROOM_API_KEY: server.key,
});

function layOut(): void {
  folder = packedFolder();
  cpSync(EXAMPLE, folder, { recursive: true });
  for (const name of ["next", "react", "react-dom", "@next", "@swc", "styled-jsx", "client-only"])
    symlinkSync(path.join(ROOT, "node_modules", name), path.join(folder, "node_modules", name));
}

function build(): Promise<void> {
  return new Promise((resolve, reject) => {
    // Turbopack follows no link out of its folder.
    const child = spawn(process.execPath, [...NEXT, "build", "--webpack"], {
      cwd: folder,
      env: environment(),
      stdio: "inherit",
    });
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`next build ended with ${code}`))));
  });
}

function start(): Promise<string> {
  const child = spawn(process.execPath, [...NEXT, "start", "-p", "0", "-H", "127.0.0.1"], {
    cwd: folder,
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  instances.push(child);
  return new Promise((resolve, reject) => {
    let output = "";
    child.once("exit", (code) => reject(new Error(`next start ended with ${code}: ${output}`)));
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const url = /Local:\s+(http:\S+)/.exec(output)?.[1];
      if (url && /Ready/.test(output)) resolve(url);
    });
  });
}

beforeAll(async () => {
  layOut();
  await build();
  urls = [await start(), await start()];
});
afterAll(() => {
  for (const child of instances) child.kill();
});

const use = async (n: number) => (await (await fetch(`${urls[n]}/use`)).json()) as { here: string; remote: string };
const isr = async (n: number) => {
  const html = (await (await fetch(`${urls[n]}/isr`)).text()).replaceAll("<!-- -->", "");
  return { value: /value=([\w-]{36})/.exec(html)?.[1], page: /page=([\w-]{36})/.exec(html)?.[1] };
};
const revalidate = async (n: number, query: string) => {
  const { status } = await fetch(`${urls[n]}/revalidate?${query}`);
  expect(status).toBe(200);
};
/**
 * What both instances answer, as soon as they answer the same and `holds` of it. Next answers before its handlers have
 * kept what was computed, or have heard of a revalidation. Values are random: the same one was computed by one of them.
 */
function shared<T>(ask: (n: number) => Promise<T>, holds: (value: T) => boolean = () => true): Promise<T> {
  const settled = async () => {
    const [one, other] = [await ask(0), await ask(1)];
    return isDeepStrictEqual(one, other) && holds(one) ? one : null;
  };
  return vi.waitUntil(settled, { timeout: 600_000, interval: 100 }) as Promise<T>;
}

it("two instances share what 'use cache' and 'use cache: remote' computed, and a revalidation of either", async () => {
  let last = await shared(use);
  for (const instance of [1, 0]) {
    await revalidate(instance, "tag=use");
    last = await shared(use, ({ here, remote }) => here !== last.here && remote !== last.remote);
  }
  expect(await use(0)).toEqual(await use(1));
});

it("two instances share a page of ISR; revalidatePath and revalidateTag of one hold in both", async () => {
  const first = await shared(isr, ({ value }) => value !== undefined);
  await revalidate(0, "path=/isr");
  const second = await shared(isr, ({ page }) => page !== first.page);
  await revalidate(1, "tag=isr");
  const third = await shared(isr, ({ value, page }) => value !== second.value && page !== second.page);
  expect(await isr(1)).toEqual(third);
});

it("revalidateTag(tag, 'max') serves what was there once more, and then what was made anew", async () => {
  const before = [await shared(use), await shared(isr)] as const;
  await revalidate(0, "tag=use&soft");
  await revalidate(0, "tag=isr&soft");
  expect([await use(1), (await isr(1)).page]).toEqual([before[0], before[1].page]);
  await shared(use, ({ remote }) => remote !== before[0].remote);
  await shared(isr, ({ page }) => page !== before[1].page);
});

it("both go on while Headroom restarts, share again after it, and what was revalidated before stays so", async () => {
  const before = await shared(use);
  await revalidate(0, "tag=use");
  const revalidated = await shared(use, ({ here, remote }) => here !== before.here && remote !== before.remote);
  const [, during] = await Promise.all([server.restart("SIGKILL"), Promise.all([use(0), isr(1)])]);
  expect([during[0].remote, during[1].page]).toEqual([expect.any(String), expect.any(String)]);
  const after = await shared(use);
  expect([before.here, before.remote]).not.toContain(after.here);
  await revalidate(1, "tag=use");
  await shared(use, ({ here }) => here !== after.here && here !== revalidated.here);
});

it("the page about Next.js shows the handlers and settings of this very app", () => {
  const page = readFileSync(path.join(ROOT, "docs/guides/adapters/next.md"), "utf8");
  const shown = [...page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)];
  expect(shown).toHaveLength(3);
  for (const [, name = "", code] of shown) expect(readFileSync(path.join(EXAMPLE, name), "utf8"), name).toBe(code);
});
