// The fair baseline: this very application (listener, Hono, keys, schemas, Next, sockets, samples, database) with sessions and
// cached responses as live objects in lru-cache, parsed on the way in and stringified on the way out. Four modules are
// replaced as the server is bundled; everything else is the server's own. `node bench/baseline/app-on-lru/build.mjs`
// writes dist/app-on-lru.js, which needs what scripts/build.mjs wrote before.
import { resolve } from "node:path";
import { build } from "esbuild";

const projectDir = resolve(import.meta.dirname, "../../..");
const REPLACED = {
  "lib/server/compose/compose-sessions.ts": "compose-sessions.ts",
  "lib/server/compose/compose-cache.ts": "compose-cache.ts",
  "lib/server/http/routes/sessions.ts": "session-routes.ts",
  "lib/server/http/routes/cache.ts": "cache-routes.ts",
};

const replaceStores = {
  name: "replace-stores",
  setup(bundle) {
    bundle.onResolve({ filter: /(?:compose-|routes\/)(?:sessions|cache)\.ts$/ }, ({ path, resolveDir }) => {
      const wanted = resolve(resolveDir, path).slice(projectDir.length + 1);
      return wanted in REPLACED ? { path: resolve(import.meta.dirname, REPLACED[wanted]) } : undefined;
    });
  },
};

export async function buildAppOnLru() {
  await build({
    absWorkingDir: projectDir,
    entryPoints: [{ in: "server.ts", out: "app-on-lru" }],
    outdir: "dist",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    plugins: [replaceStores],
    logLevel: "warning",
  });
  return "dist/app-on-lru.js";
}

if (process.argv[1] === import.meta.filename) await buildAppOnLru();
