import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFloors, sourceFiles } from "./floors.mjs";

/** For each rule a file that breaks it, and what that file imports. */
const PLANTED: Readonly<Record<string, readonly [file: string, imported: string]>> = {
  "no-circles": ["lib/shared/circle.ts", "lib/shared/round.ts"],
  "shared-imports-nothing": ["lib/shared/planted.ts", "lib/stores/target.ts"],
  "contracts-and-ports-import-shared": ["lib/contracts/planted.ts", "lib/memory/target.ts"],
  "stores-stand-alone": ["lib/stores/planted.ts", "lib/memory/target.ts"],
  "store-knows-no-other": ["lib/stores/sessions/planted.ts", "lib/stores/responses/target.ts"],
  "memory-stands-alone": ["lib/memory/planted.ts", "lib/stores/target.ts"],
  "streaming-stands-alone": ["lib/streaming/planted.ts", "lib/services/target.ts"],
  "backends-stand-alone": ["lib/backends/planted.ts", "lib/stores/target.ts"],
  "workers-below-services": ["lib/workers/planted.ts", "lib/services/target.ts"],
  "doubles-know-ports": ["lib/testing/planted.ts", "lib/stores/target.ts"],
  "services-below-server": ["lib/services/planted.ts", "lib/server/target.ts"],
  "server-knows-no-page": ["lib/server/planted.ts", "app/target.ts"],
  "client-is-browser-code": ["lib/client/planted.ts", "lib/server/target.ts"],
  "packages-stand-alone": ["packages/one/src/planted.ts", "lib/shared/target.ts"],
  "app-through-the-door": ["app/planted.tsx", "lib/server/target.ts"],
  "ships-without-tests": ["lib/server/untested.ts", "bench/target.ts"],
  "sql-lives-in-backends": ["lib/services/sql.ts", "node_modules/libsql/index.js"],
};

const rules: readonly string[] = createRequire(import.meta.url)("../.dependency-cruiser.cjs").forbidden.map(
  ({ name }: { name: string }) => name,
);

describe("the floors", () => {
  const root = mkdtempSync(path.join(tmpdir(), "headroom-floors-"));
  let found: ReturnType<typeof checkFloors>;

  beforeAll(() => {
    const write = (file: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    };
    write("package.json", `{ "type": "module", "dependencies": { "libsql": "1.0.0" } }`);
    write("tsconfig.json", `{ "compilerOptions": { "module": "preserve", "allowImportingTsExtensions": true } }`);
    write("node_modules/libsql/package.json", `{ "name": "libsql", "version": "1.0.0", "main": "index.js" }`);
    for (const [file, imported] of Object.values(PLANTED)) {
      write(imported, "export const target = 1;\n");
      const from = path.relative(path.dirname(file), imported);
      const module = imported.startsWith("node_modules/") ? "libsql" : from.startsWith(".") ? from : `./${from}`;
      write(file, `import { target } from "${module}";\nexport const planted: number = target;\n`);
    }
    // A circle of types alone is one too.
    write(
      "lib/shared/round.ts",
      `import type { planted } from "./circle.ts";\nexport const target: typeof planted = 1;\n`,
    );
    found = checkFloors(root);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(rules)("%s: names the file that breaks it, in a tree where nothing imports that file", (rule) => {
    const [file, imported] = PLANTED[rule] ?? [];
    expect(found.violations).toContainEqual(expect.stringContaining(`${rule}: ${file} → ${imported}`));
  });

  it("looks at every file, and counts those that it did not see", () => {
    expect(found).toMatchObject({ files: sourceFiles(root).length, missed: [] });
    expect(sourceFiles(root)).toContain("app/planted.tsx");
  });
});

it("sees the rooms that no start of the server reaches", () => {
  const files = sourceFiles();
  for (const seen of [
    "app/layout.tsx",
    "lib/door.ts",
    "lib/workers/stream-parser.ts",
    "server.ts",
    "bench/leaks/score.ts",
  ])
    expect(files).toContain(seen);
});
