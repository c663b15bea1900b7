import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "./env.ts";

/** Bundled, everything is in dist/server.js; from source, this file is in lib/server. */
const bundled = !import.meta.url.endsWith(".ts");
const here = path.dirname(fileURLToPath(import.meta.url));

/** The project's folder. */
export const projectDir = bundled ? path.dirname(here) : path.resolve(here, "../..");

/** Of a node on Postgres: what it may lose with its disk, such as profiles and models. */
const NODE_FOLDER = "data";

export const isPostgres = ({ fixed }: Env): boolean => /^postgres(ql)?:/.test(fixed.HEADROOM_DATABASE_URL);

/** The node's own folder, which is created: the database file's, where there is one. A relative path starts at the project folder. */
export function nodeFolder(env: Env): string {
  const folder = isPostgres(env) ? path.join(projectDir, NODE_FOLDER) : path.dirname(databaseFile(env));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The path of the SQLite database's file. */
export const databaseFile = ({ fixed }: Env): string =>
  path.resolve(projectDir, fixed.HEADROOM_DATABASE_URL.replace(/^file:(\/\/)?/, ""));

/** Where streams keep what has not been read yet. */
export const streamsFolder = (env: Env): string =>
  path.join(nodeFolder(env), isPostgres(env) ? "streams" : `${path.basename(databaseFile(env))}-streams`);

export const migrationsFolder = (provider: "sqlite" | "postgresql"): string =>
  path.join(projectDir, "prisma/migrations", provider);
