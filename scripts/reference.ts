/**
 * Writes `docs/reference` from the code: `npm run docs`. With `--check` it writes nothing, and ends with 1 when a page is not current.
 * Routes and metrics are asked of the API itself, over an empty database in a temporary folder.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseEnv } from "../lib/server/env.ts";
import { createApp } from "../lib/server/http/app.ts";
import { allRoutes } from "../lib/server/http/routes.ts";
import { createLog } from "../lib/server/observe/log.ts";
import { openRuntime } from "../lib/server/runtime.ts";
import { systemClock } from "../lib/shared/clock.ts";
import { eventsPage, metricsPage, type OpenApi, problemsPage, routesPage, settingsPage } from "./reference-pages.ts";
import { projectDir } from "./setup.mjs";

const FOLDER = "docs/reference";
const KEY = "reference-pages-of-the-project";

/** Each page of the reference by its file's name. */
async function pages(): Promise<ReadonlyMap<string, string>> {
  const { description, exposition } = await askApi();
  return new Map([
    ["events.md", eventsPage()],
    ["metrics.md", metricsPage(exposition)],
    ["errors.md", problemsPage()],
    ["routes.md", routesPage(description)],
    ["settings.md", settingsPage()],
  ]);
}

async function askApi(): Promise<{ description: OpenApi; exposition: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-reference-"));
  const env = parseEnv({
    HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}`,
    HEADROOM_OPERATOR_KEY: KEY,
  });
  const runtime = await openRuntime(env, systemClock, createLog("silent"));
  try {
    const app = createApp(runtime, allRoutes(runtime));
    runtime.phase = "ready";
    const ask = async (target: string): Promise<string> => {
      const request = new Request(`http://headroom${target}`, { headers: { authorization: `Bearer ${KEY}` } });
      const response = await app.fetch(request, { door: "direct", peer: "reference", target });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${target} answers ${response.status}: ${text}`);
      return text;
    };
    const description = JSON.parse(await ask("/openapi.json")) as OpenApi;
    return { description, exposition: await ask("/metrics") };
  } finally {
    await runtime.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The names of pages under a folder that are not as they would be made, with pages that nothing makes. */
export function outdated(folder: string, made: ReadonlyMap<string, string>): string[] {
  const found = new Map(markdown(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
  return [...new Set([...made.keys(), ...found.keys()])].filter((name) => made.get(name) !== found.get(name)).sort();
}

function markdown(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).filter((name) => name.endsWith(".md"));
}

async function main(): Promise<void> {
  const folder = path.join(projectDir, FOLDER);
  const made = await pages();
  const names = outdated(folder, made);
  if (process.argv.includes("--check")) {
    for (const name of names) console.log(`${FOLDER}/${name} is not what the code says: run \`npm run docs\``);
    process.exitCode = names.length > 0 ? 1 : 0;
    return;
  }
  for (const name of names) {
    const text = made.get(name);
    if (text === undefined) rmSync(path.join(folder, name));
    else writeFileSync(path.join(folder, name), text);
  }
  console.log(`${made.size} pages in ${FOLDER}, ${names.length} of them changed`);
}

if (import.meta.filename === process.argv[1]) await main();
