// The floors of ARCHITECTURE.md as rules: each message names where the code should go instead.
const floor = (name, from, notTo, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { path: notTo },
});

/** Tests, what only they import, and what they run. */
const TESTS = "(^|/)testing/|\\.(test|spec|contract|fixture)\\.tsx?$";

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      comment: "Of two files that need one another, one has what both need: give that a file of its own.",
      from: {},
      to: { circular: true },
    },
    floor(
      "shared-imports-nothing",
      "^lib/shared/",
      "^(lib/(?!shared/|testing/)|app/|server\\.ts)",
      "Floor 0 imports nothing of ours: move the code up, or pass it in.",
    ),
    floor(
      "contracts-and-ports-import-shared",
      "^lib/(contracts|ports)/",
      "^(lib/(?!shared/|contracts/|ports/|testing/)|app/|server\\.ts)",
      "Floor 1 is schemas and interfaces: put behaviour on floor 2.",
    ),
    floor(
      "stores-stand-alone",
      "^lib/stores/",
      "^(lib/(?!shared/|contracts/|ports/|testing/|stores/)|app/)",
      "A store gets what it needs handed to it in lib/server/runtime.ts, through lib/ports.",
    ),
    {
      name: "store-knows-no-other",
      severity: "error",
      comment:
        "Stores share lib/stores/core, bytes and cache; passages share the scan of vectors. Anything else goes there, or is handed in.",
      from: { path: "^lib/stores/([^/]+)/", pathNot: TESTS },
      to: {
        path: "^lib/stores/",
        pathNot: "^lib/stores/($1|core|bytes|cache)/|^lib/stores/vectors/(tiers|codec)/",
      },
    },
    floor(
      "memory-stands-alone",
      "^lib/memory/",
      "^(lib/(?!shared/|contracts/|ports/|testing/|memory/)|app/)",
      "lib/memory knows a store only as lib/ports/bounded-store.ts.",
    ),
    floor(
      "streaming-stands-alone",
      "^lib/streaming/",
      "^(lib/(?!shared/|contracts/|ports/|testing/|streaming/)|app/)",
      "Streams reach stores through a port, composed in runtime.ts.",
    ),
    floor(
      "backends-stand-alone",
      "^lib/backends/",
      "^(lib/(?!shared/|contracts/|ports/|testing/|backends/)|app/)",
      "A driver implements a port and imports no engine.",
    ),
    floor(
      "workers-below-services",
      "^lib/workers/",
      "^(lib/(services|server|client)/|app/)",
      "A worker is an entry point: it gets messages, not the server.",
    ),
    floor(
      "doubles-know-ports",
      "^lib/testing/",
      "^(lib/(?!shared/|contracts/|ports/|testing/)|app/|server\\.ts)",
      "A double stands for a port, in tests of every room: it knows no engine.",
    ),
    floor(
      "services-below-server",
      "^lib/services/",
      "^(lib/(server|client|workers)/|app/)",
      "A verb takes what it needs as arguments; runtime.ts composes.",
    ),
    floor(
      "server-knows-no-page",
      "^(lib/server/|server\\.ts)",
      "^(app/|lib/client/)",
      "The server serves pages through Next only.",
    ),
    floor(
      "client-is-browser-code",
      "^lib/client/",
      "^(lib/(?!shared/|contracts/|testing/|client/)|app/|server\\.ts)",
      "Browser code knows contracts and shared alone.",
    ),
    floor(
      "app-through-the-door",
      "^app/",
      "^(lib/(?!door\\.ts|client/|contracts/|shared/)|server\\.ts)",
      "Pages and route handlers reach the server through lib/door.ts.",
    ),
    floor(
      "packages-stand-alone",
      "^packages/[^/]+/src/",
      "^(app|lib|agent|bench|e2e|scripts)/|^server\\.ts",
      "A package is installed without this repository: its types are written from lib/contracts by scripts/client-types.ts.",
    ),
    {
      name: "ships-without-tests",
      severity: "error",
      comment: "What runs for users imports no test, no double, no bench and no script: move what both need into lib.",
      from: { path: "^(app|lib|agent|server\\.ts)", pathNot: TESTS },
      to: { path: `${TESTS}|^(bench|e2e|scripts)/` },
    },
    {
      name: "sql-lives-in-backends",
      severity: "error",
      comment: "Prisma, SQLite and the client of Redis are used by lib/backends alone.",
      from: { path: "^(app|lib)/", pathNot: `^lib/(backends|workers)/|${TESTS}` },
      to: { path: "node_modules/(@prisma|prisma|libsql|ioredis)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(\\.next|dist|lib/backends/generated)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
