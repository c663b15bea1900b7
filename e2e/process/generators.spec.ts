import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

const projectDir = path.resolve(import.meta.dirname, "../..");
const folder = path.join(projectDir, "e2e/generators");
const generated = path.join(folder, "generated");
const DOCUMENT = "./generated/openapi.json";
const EVENTS = "./generated/asyncapi.json";
const run = promisify(execFile);
let server: TestServer;

/** Runs a published tool beside the document, without its own calls home. @throws {Error} with its output when it fails. */
async function tool(name: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, CI: "1", REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const file = path.join(folder, "node_modules/.bin", name);
  await run(file, args, { cwd: folder, env, maxBuffer: 2 ** 26 }).catch(({ stdout, stderr }) => {
    throw new Error(`${name} failed:\n${String(stdout).slice(0, 4_000)}\n${String(stderr).slice(0, 4_000)}`);
  });
}

test.beforeAll(async () => {
  if (!existsSync(path.join(folder, "node_modules"))) throw new Error("`npm ci` in e2e/generators is missing");
  server = await TestServer.start();
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated);
  writeFileSync(path.join(folder, DOCUMENT), await (await server.get("/openapi.json")).text());
  writeFileSync(path.join(folder, EVENTS), await (await server.get("/asyncapi.json")).text());
});

test.afterAll(async () => {
  await server?.remove();
  rmSync(generated, { recursive: true, force: true });
});

test("swagger-parser, redocly and spectral find no error in the API description", async () => {
  await run(process.execPath, ["validate.mjs", DOCUMENT], { cwd: folder });
  await tool("redocly", "lint", DOCUMENT);
  await tool("spectral", "lint", DOCUMENT, "--fail-severity", "error");
});

test("redocly and spectral find no error in the description of the socket's events", async () => {
  await tool("redocly", "lint", EVENTS);
  await tool("spectral", "lint", EVENTS, "--fail-severity", "error");
});

test("clients of openapi-typescript, hey-api and orval compile strictly, and each reaches every resource", async () => {
  await tool("openapi-typescript", DOCUMENT, "-o", "./generated/openapi-typescript.d.ts");
  await tool("openapi-ts", "-i", DOCUMENT, "-o", "./generated/hey-api", "-c", "@hey-api/client-fetch");
  await tool("orval", "--input", DOCUMENT, "--output", "./generated/orval.ts", "--client", "fetch");
  await tool("tsc", "-p", ".");
  for (const client of ["openapi-fetch", "hey-api", "orval"]) {
    const file = path.join(folder, `clients/${client}.ts`);
    const { stderr } = await run(process.execPath, ["--import", "tsx", file, server.url, OPERATOR_KEY]);
    expect(stderr, client).toBe("");
  }
});
