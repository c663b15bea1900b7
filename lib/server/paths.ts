import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "./env.ts";

/** Bundled, everything is in dist/server.js; from source, this file is in lib/server. */
const bundled = !import.meta.url.endsWith(".ts");
const here = path.dirname(fileURLToPath(import.meta.url));

/** The project's folder. */
export const projectDir = bundled ? path.dirname(here) : path.resolve(here, "../..");

/** The path of the database file; its folder is created. A relative path starts at the project folder. */
export function databasePaths({ fixed }: Env): { file: string; migrationsDir: string } {
  const file = path.resolve(projectDir, fixed.HEADROOM_DATABASE_URL.replace(/^file:(\/\/)?/, ""));
  mkdirSync(path.dirname(file), { recursive: true });
  return { file, migrationsDir: path.join(projectDir, "prisma/migrations/sqlite") };
}
