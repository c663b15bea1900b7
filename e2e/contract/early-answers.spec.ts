import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { OPERATOR_KEY } from "../support/server.ts";

const MIB = 1_048_576;
const TRIES = 30;

interface Upload {
  method: string;
  path: string;
  mediaType: string;
}

/** The statuses of many tries by a client that sends on while the answer comes: `fetch` fails when its connection is reset. */
async function tally(url: string, bytes: number, { method, path, mediaType }: Upload) {
  const body = new Uint8Array(bytes);
  const outcomes: Record<string, number> = {};
  for (let at = 0; at < TRIES; at += 1) {
    const headers = { authorization: `Bearer ${OPERATOR_KEY}`, "content-type": mediaType };
    const outcome = await fetch(`${url}${path}`, { method, headers, body }).then(
      async (response) => `${response.status} ${((await response.json()) as { code: string }).code}`,
      (error: Error) => `${error.message}: ${(error.cause as Error | undefined)?.message}`,
    );
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

const cache = { method: "PUT", path: "/api/v1/cache/big", mediaType: "application/octet-stream" };
const sessions = { method: "POST", path: "/api/v1/sessions", mediaType: "application/json" };

for (const mib of [8.1, 9, 20]) {
  for (const upload of [cache, sessions]) {
    test(`each of ${TRIES} bodies of ${mib} MiB to ${upload.path} is answered 413, though it was still being sent`, async ({
      server,
    }) => {
      expect(await tally(server.url, Math.round(mib * MIB), upload)).toEqual({ "413 body-too-large": TRIES });
    });
  }
}

test("a body that nobody reads does not cost its client the answer that there is no such route", async ({ server }) => {
  const nowhere = { ...cache, path: "/api/v1/nowhere" };
  expect(await tally(server.url, 9 * MIB, nowhere)).toEqual({ "404 not-found": TRIES });
});
