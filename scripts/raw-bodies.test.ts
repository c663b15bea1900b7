import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Operation, readDocument } from "../lib/client/api-document/document.ts";
import { curlOf, faultsOf, firstDraft, requestOf } from "../lib/client/api-document/request.ts";
import { parseEnv } from "../lib/server/env.ts";
import { createOpenApi } from "../lib/server/http/answer/openapi.ts";
import { allRoutes } from "../lib/server/http/routes.ts";
import { createLog } from "../lib/server/observe/log.ts";
import { openRuntime } from "../lib/server/runtime.ts";
import { systemClock } from "../lib/shared/clock.ts";

/** Operations that take a body as it is, as the server describes them and the API page reads that. */
let raw: readonly Operation[];

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-raw-bodies-"));
  const env = parseEnv({ HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}` });
  const runtime = await openRuntime(env, systemClock, createLog("silent"));
  const routes = allRoutes(runtime).filter(({ spec }) => spec.path !== "/mcp");
  const { groups } = readDocument(JSON.parse(JSON.stringify(createOpenApi(routes))));
  await runtime.close();
  rmSync(folder, { recursive: true });
  const isRaw = (operation: Operation) =>
    routes.some(
      ({ spec: { path: place, method, rawBody } }) =>
        rawBody !== undefined && place === operation.path && method.toUpperCase() === operation.method,
    );
  raw = groups.flatMap(({ operations }) => operations.filter(isRaw));
});

describe("a body that is taken as it is", () => {
  it("is required where it is what gets stored, and may be left out where parts of it follow", () => {
    expect(Object.fromEntries(raw.map(({ id, body }) => [id, body?.required]))).toEqual({
      putCachedResponse: true,
      uploadStream: false,
      resumeStream: false,
    });
  });

  it("is a file in the command while nothing is written, so that copying it stores no empty body", () => {
    for (const operation of raw)
      for (const mediaType of Object.keys(operation.body?.content ?? {})) {
        const draft = { ...firstDraft(operation), mediaType };
        expect(requestOf(operation, draft)).toMatchObject({ takesFile: true, body: "" });
        const command = curlOf(operation, draft, "http://h");
        expect(command).toContain("--data-binary @file");
        expect(command).toContain(`-H 'Content-Type: ${mediaType}'`);
      }
  });

  it("is the text that is written, though it begins as a file's name does", () => {
    for (const operation of raw) {
      const draft = { ...firstDraft(operation), body: "@hello" };
      expect(requestOf(operation, draft)).toMatchObject({ takesFile: false, body: "@hello" });
      expect(curlOf(operation, draft, "http://h")).toContain("--data-raw '@hello'");
    }
  });

  it("is the file that is chosen, and may be empty", () => {
    const file = new Blob(["bytes"]);
    for (const operation of raw) {
      const draft = firstDraft(operation);
      expect(faultsOf(operation, draft)).not.toHaveProperty("body");
      expect(requestOf(operation, { ...draft, file, body: "written before" })).toMatchObject({
        takesFile: true,
        body: file,
      });
    }
  });
});
