import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { sourceFiles } from "./floors.mjs";
import { projectDir } from "./setup.mjs";

/** The start answers before there is an API. */
const ALLOWED = /^lib\/(?:server\/http\/|server\/serve\.ts$|client\/|testing\/)|\.test\.ts$/;
const HEADER = /"(?:Retry-After|WWW-Authenticate)"\s*:|\bConnection"?: "close"|new AppError\([^;]*\bheaders: /;

it("headers of responses are named in lib/server/http alone: what lies below says in seconds when to retry", () => {
  const files = sourceFiles().filter((file) => file.startsWith("lib/") && !ALLOWED.test(file));
  expect(files.length).toBeGreaterThan(300);
  expect(files.filter((file) => HEADER.test(readFileSync(path.join(projectDir, file), "utf8")))).toEqual([]);
});
