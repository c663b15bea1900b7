import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

/**
 * Threats without a test of their own, and why. Numbers are those of the list that this project was built against (T01–T71).
 * What is tested says so in its name: `npx playwright test -g T56`, `npx vitest run -t T28`.
 */
const WITHOUT_TEST: Readonly<Record<string, string>> = {
  T04: "Archives are not unpacked: a zip is refused as a format, and gzip or brotli is inflated under a bound (T03).",
  T21: "No caller names a file of the server's: there is no link to follow.",
  T22: "As T21; `npm run ingest` reads the files of whoever runs it.",
  T23: "As T22.",
  T35: "There are no webhooks and no documents by URL; the address of the embedding service is the operator's own.",
  T41: "The registry must be asked: `npm audit --omit=dev --audit-level=high`.",
  T48: "A measurement: `npm run bench:sockets` lets a thousand clients come back after a restart.",
  T59: "There is no Redis.",
  T60: "There is no Postgres.",
  T61: "There are no webhooks.",
};

const root = path.resolve(import.meta.dirname, "..");

function testFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:spec|test)\.ts$/.test(name))
    .map((name) => path.join(root, folder, name));
}

/** The threats that names of tests begin with. */
function named(): Set<string> {
  const found = new Set<string>();
  for (const file of ["e2e", "lib"].flatMap(testFiles)) {
    for (const [, list = ""] of readFileSync(file, "utf8").matchAll(/["'`]((?:T\d\d )*T\d\d):/g)) {
      for (const threat of list.split(" ")) found.add(threat);
    }
  }
  return found;
}

const all = Array.from({ length: 71 }, (_, index) => `T${String(index + 1).padStart(2, "0")}`);

it("has a test for each threat, or says why not", () => {
  const tested = named();
  expect(all.filter((threat) => !tested.has(threat) && WITHOUT_TEST[threat] === undefined)).toEqual([]);
});

it("excuses no threat that has a test, and none that is not on the list", () => {
  const tested = named();
  expect(Object.keys(WITHOUT_TEST).filter((threat) => tested.has(threat) || !all.includes(threat))).toEqual([]);
});
