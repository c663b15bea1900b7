import path from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: path.resolve(import.meta.dirname, ".."),
  // Sources stand for the built packages: only `npm pack` is tried with what is built.
  resolve: {
    alias: [
      { find: "@headroom/client", replacement: path.resolve(import.meta.dirname, "../../client/src/index.ts") },
      { find: /^@headroom\/adapters\/(.+)$/, replacement: path.resolve(import.meta.dirname, "../src/$1.ts") },
    ],
  },
  test: {
    // What builds an app, or signs in by thousands, is for `npm run test:long`.
    include: process.env.HEADROOM_TEST_LONG ? ["test/**/*.{test,long}.ts"] : ["test/**/*.test.ts"],
    globalSetup: [path.resolve(import.meta.dirname, "../../../scripts/temporary-folder.mjs")],
    // LangGraph's published suite asks for them.
    globals: true,
    pool: "forks",
    // Two files at once: each has a server of its own. The long ones pack and build in the same folders.
    maxWorkers: process.env.HEADROOM_TEST_LONG ? 1 : 2,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
