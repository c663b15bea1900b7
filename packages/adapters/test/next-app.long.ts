import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packedFolder } from "./packed.ts";
import { headroom } from "./server.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
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

/** The app with the very handlers and settings that the page about Next.js shows, in a folder of its own. */
function layOut(): void {
  folder = packedFolder();
  cpSync(path.join(import.meta.dirname, "next-app"), folder, { recursive: true });
  const page = readFileSync(path.join(ROOT, "docs/guides/adapters/next.md"), "utf8");
  for (const [, name = "", code = ""] of page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g))
    writeFileSync(path.join(folder, name), code);
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
const until = <T>(ask: () => Promise<T>, holds: (value: T) => boolean) =>
  vi.waitUntil(async () => holds(await ask()), { timeout: 600_000, interval: 100 });

it("two instances share what 'use cache' and 'use cache: remote' computed, and a revalidation of either", async () => {
  const first = await use(0);
  expect(await use(1)).toEqual(first);
  await revalidate(1, "tag=use");
  const second = await use(0);
  expect([second.here === first.here, second.remote === first.remote]).toEqual([false, false]);
  expect(await use(1)).toEqual(second);
});

it("two instances share a page of ISR; revalidatePath and revalidateTag of one hold in both", async () => {
  const first = await isr(0);
  expect(first.value).toBeDefined();
  expect(await isr(1)).toEqual(first);
  await revalidate(0, "path=/isr");
  const second = await isr(1);
  expect(second.page).not.toBe(first.page);
  expect(await isr(0)).toEqual(second);
  await revalidate(1, "tag=isr");
  const third = await isr(0);
  expect([third.value === second.value, third.page === second.page]).toEqual([false, false]);
  expect(await isr(1)).toEqual(third);
});

it("revalidateTag(tag, 'max') serves what was there once more, and then what was made anew", async () => {
  const before = [await use(0), await isr(0)] as const;
  await revalidate(0, "tag=use&soft");
  await revalidate(0, "tag=isr&soft");
  expect([await use(1), (await isr(1)).page]).toEqual([before[0], before[1].page]);
  await until(
    () => use(0),
    ({ remote }) => remote !== before[0].remote,
  );
  await until(
    () => isr(0),
    ({ page }) => page !== before[1].page,
  );
});

it("both go on while Headroom restarts, and what was revalidated before stays so after it", async () => {
  const before = await use(0);
  await revalidate(0, "tag=use");
  await server.restart("SIGKILL");
  const after = await use(1);
  expect(after.remote).not.toBe(before.remote);
  expect(await use(0)).toEqual(after);
});
