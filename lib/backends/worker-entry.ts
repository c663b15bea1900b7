import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** Bundled, this is part of dist/server.js, with the workers' bundles beside it. */
const bundled = !import.meta.url.endsWith(".ts");

/**
 * The module of a worker thread, for `new Worker`: the bundle of lib/workers/NAME.ts. In development and tests it is the
 * source behind a line that registers tsx, since Node 20 does not pass `--import` on to threads.
 */
export function workerEntry(name: string): URL {
  if (bundled) return new URL(`./workers/${name}.js`, import.meta.url);
  const source = new URL(`../workers/${name}.ts`, import.meta.url).href;
  const tsx = pathToFileURL(
    createRequire(import.meta.url)
      .resolve("tsx/esm/api")
      .replace(/\.cjs$/, ".mjs"),
  ).href;
  const lines = `import { register } from ${JSON.stringify(tsx)}; register(); await import(${JSON.stringify(source)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(lines)}`);
}
