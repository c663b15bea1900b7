import { rmSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { describeSessionRows } from "../../ports/session-rows.contract.ts";
import type { SessionChange, SessionRows } from "../../ports/session-rows.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { createSessionRows } from "./session-rows.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const { database, file } = await openTestDatabase();
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});
const open = () => createSessionRows(database, { maxBytes: () => 2 ** 30 });
const TIMEOUT_MS = 1_000;

const TAGS = ["", '["a"]', '["b","é"]', '["a","b"]', ""];

/** All that may change of a row does: an import makes a session again over its expired row, with a timeout of its own. */
function put(id: string, atMs: number, version = 1): SessionChange {
  const data = Buffer.from(JSON.stringify({ id, version }));
  const idleTimeoutMs = TIMEOUT_MS + (version % 7) * 100;
  // Every third ends before its timeout could end it.
  const endsAtMs = version % 3 === 0 ? atMs + 700 : Number.POSITIVE_INFINITY;
  return {
    kind: "put",
    row: {
      id,
      ownId: ownIdOf(id),
      namespace: "n",
      createdAtMs: 5,
      lastUsedAtMs: atMs,
      idleTimeoutMs,
      endsAtMs,
      version,
      tags: TAGS[version % TAGS.length] ?? "",
      data,
    },
  };
}
/** Every other session has an id of its caller's. */
const ownIdOf = (id: string): string | null => (/[13579]$/.test(id) ? `own ${id}` : null);
const deletion = (id: string, endedAtMs: number): SessionChange => ({
  kind: "delete",
  id,
  end: ownIdOf(id) === null ? null : { namespace: "n", endedAtMs },
});
const use = (id: string, lastUsedAtMs: number): SessionChange => ({ kind: "use", id, lastUsedAtMs });

const tagTable = () =>
  database.all(`SELECT "namespace", "tag", "createdAtMs", "id" FROM "SessionTag" ORDER BY "id", "tag"`);
const tagsOfRows = () =>
  database.all(`SELECT "namespace", "value" AS "tag", "createdAtMs", s."id" FROM "Session" AS s, json_each(s."tags")
    WHERE s."tags" <> '' ORDER BY s."id", "value"`);

const kindOf = fc.constantFrom("put", "use", "delete");
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("apply" as const), changes: fc.array(fc.tuple(fc.nat(5), kindOf)) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("expire" as const, "list" as const, "count" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

/** One change a session and batch, as the queue before the database has it. */
function toChanges(changes: readonly [number, string][], atMs: number): SessionChange[] {
  return [...new Map(changes)].map(([number, kind]) => {
    const id = `s${number}`;
    if (kind === "put") return put(id, atMs, atMs);
    return kind === "use" ? use(id, atMs) : deletion(id, atMs);
  });
}

async function seen(rows: SessionRows, atMs: number): Promise<unknown> {
  const ids = [0, 1, 2, 3, 4, 5].map((number) => `s${number}`);
  const all = await Promise.all(ids.map((id) => rows.get(id)));
  const ends = await Promise.all(ids.map(async (id) => (ownIdOf(id) && !(await rows.get(id)) ? rows.endOf(id) : null)));
  return all.map((row, index) =>
    row ? { ...row, data: Buffer.from(row.data).toString(), isLive: row.lastUsedAtMs > atMs } : ends[index],
  );
}

describeSessionRows("session rows in SQLite, as the port asks", async () => {
  await database.write(["Session", "SessionUses", "SessionEnd"].map((table) => ({ sql: `DELETE FROM "${table}"` })));
  return { rows: await open(), reopen: open };
});

describe("session rows in SQLite", () => {
  it("say what a map says, after every change, expiry, list and restart", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        await database.write([
          { sql: `DELETE FROM "Session"` },
          { sql: `DELETE FROM "SessionUses"` },
          { sql: `DELETE FROM "SessionEnd"` },
        ]);
        let rows = await open();
        const model = new MapRows();
        for (const [index, taken] of steps.entries()) {
          const atMs = (index + 1) * 300;
          const query = { after: null, limit: 10, atMs, prefix: "" };
          if (taken.do === "apply") {
            const changes = toChanges(taken.changes, atMs);
            await Promise.all([rows.apply(changes), model.apply(changes)]);
          } else if (taken.do === "reopen") rows = await open();
          else if (taken.do === "expire") expect(await rows.expire(atMs, 10)).toBe(await model.expire(atMs, 10));
          else if (taken.do === "list") {
            // The ids of one and the keys of others begin so.
            for (const prefix of ["", "s", "own s", "own s3", "s\u{10ffff}"]) {
              for (const tag of [undefined, "a", "b", "é", "c"]) {
                const asked = { ...query, prefix, tag };
                expect(await rows.list("n", asked)).toEqual(await model.list("n", asked));
                expect(await rows.tally("n", asked)).toEqual(await model.tally("n", asked));
                for (const sort of ["bytes", "lastUsedAt", "createdAt"] as const) {
                  const order = tag === undefined ? "asc" : "desc";
                  const sorted = { ...asked, sort, order, after: null, limit: 3 } as const;
                  expect(await rows.listSorted("n", sorted)).toEqual(await model.listSorted("n", sorted));
                }
              }
            }
          } else expect(await rows.count(atMs)).toBe(await model.count(atMs));
          expect(await seen(rows, atMs)).toEqual(await seen(model, atMs));
          expect(await tagTable()).toEqual(await tagsOfRows());
        }
      }),
      { numRuns: 60 },
    );
  });

  it("tells when a session was made that was made again over its expired row, and not when one is written again", async () => {
    await database.write([{ sql: `DELETE FROM "Session"` }]);
    const rows = await open();
    const made = (createdAtMs: number, version: number): SessionChange => ({
      kind: "put",
      row: {
        id: "again",
        ownId: null,
        namespace: "n",
        createdAtMs,
        lastUsedAtMs: createdAtMs,
        idleTimeoutMs: TIMEOUT_MS,
        endsAtMs: Number.POSITIVE_INFINITY,
        version,
        tags: version === 1 ? '["made"]' : "",
        data: Buffer.from("1"),
      },
    });
    await rows.apply([made(1_000, 1)]);
    await rows.apply([made(1_000, 2)]);
    expect((await rows.get("again"))?.createdAtMs).toBe(1_000);
    await rows.apply([made(9_000, 1)]);
    expect((await (await open()).get("again"))?.createdAtMs).toBe(9_000);
    const [listed] = await rows.list("n", { after: null, limit: 10, atMs: 9_001, prefix: "" });
    expect(listed?.createdAtMs).toBe(9_000);
  });

  it("keeps a last use apart from its row until it is asked when rows expire, and never turns one back", async () => {
    await database.write([{ sql: `DELETE FROM "Session"` }]);
    const rows = await open();
    const stored = async () => {
      const [row] = await database.all<{ at: number }>(
        `SELECT "lastUsedAtMs" AS "at" FROM "Session" WHERE "id" = 'kept'`,
      );
      return row?.at;
    };
    await rows.apply([put("kept", 100)]);
    await rows.apply([use("kept", 900)]);
    expect([await stored(), (await rows.get("kept"))?.lastUsedAtMs]).toEqual([100, 900]);
    await rows.apply([put("kept", 1_500, 2)]);
    expect(await rows.expire(2_400, 10)).toBe(0);
    expect(await stored()).toBe(1_500);
  });

  it("lets no use of a deleted session come over one that is put back with its past", async () => {
    const rows = await open();
    await rows.apply([put("back", 1_000)]);
    await rows.apply([use("back", 50_000)]);
    await rows.apply([deletion("back", 1_000)]);
    await rows.apply([put("back", 1_000), use("other", 60_000)]);
    expect((await rows.get("back"))?.lastUsedAtMs).toBe(1_000);
    await rows.count(0);
    expect((await rows.get("back"))?.lastUsedAtMs).toBe(1_000);
  });

  it("holds at most some thousand uses apart, whatever comes", async () => {
    const rows = await open();
    const ids = Array.from({ length: 5_000 }, (_, index) => `many-${index}`);
    for (let from = 0; from < ids.length; from += 1_000) {
      const batch = ids.slice(from, from + 1_000);
      await rows.apply(batch.map((id) => put(id, 1)));
      await rows.apply(batch.map((id) => use(id, 2)));
    }
    const [kept] = await database.all<{ uses: number }>(
      `SELECT count(*) AS "uses" FROM "SessionUses", json_each("SessionUses"."uses")`,
    );
    expect(kept?.uses).toBeLessThanOrEqual(3_000);
    expect((await rows.get("many-0"))?.lastUsedAtMs).toBe(2);
    expect((await rows.get("many-4999"))?.lastUsedAtMs).toBe(2);
  });

  it("holds no more of them on disk when the same few sessions are used again and again", async () => {
    const rows = await open();
    const ids = Array.from({ length: 500 }, (_, index) => `same-${index}`);
    await rows.apply(ids.map((id) => put(id, 1)));
    for (let turn = 0; turn < 60; turn++) {
      await rows.apply(ids.map((id) => use(id, 2 + turn)));
      const [kept] = await database.all<{ uses: number }>(
        `SELECT count(*) AS "uses" FROM "SessionUses", json_each("SessionUses"."uses")`,
      );
      expect(kept?.uses).toBeLessThanOrEqual(10_500);
    }
    expect((await rows.get("same-7"))?.lastUsedAtMs).toBe(61);
  });

  it("remembers the ends of callers' own ids for a day, through a restart, and the newest 100,000 of a namespace", async () => {
    await database.write([{ sql: `DELETE FROM "SessionEnd"` }]);
    let rows = await open();
    const end = (id: string, namespace: string, endedAtMs: number): SessionChange => ({
      kind: "delete",
      id,
      end: { namespace, endedAtMs },
    });
    await rows.apply([end("other", "m", 1), end("early", "n", 2)]);
    for (let from = 0; from < 99_990; from += 9_999)
      await rows.apply(Array.from({ length: 9_999 }, (_, at) => end(`many-${from + at}`, "n", 10 + from + at)));
    rows = await open();
    expect(await rows.endOf("early")).toBe(2);
    await rows.apply(Array.from({ length: 1_000 }, (_, at) => end(`more-${at}`, "n", 200_000 + at)));
    expect([await rows.endOf("early"), await rows.endOf("many-0")]).toEqual([null, null]);
    // Another namespace's ends are not pushed out by these.
    expect([await rows.endOf("other"), await rows.endOf("many-1001")]).toEqual([1, 1_011]);
    await rows.expire(86_400_000 + 1_011, 10);
    expect([await rows.endOf("other"), await rows.endOf("many-1001"), await rows.endOf("many-1002")]).toEqual([
      null,
      null,
      1_012,
    ]);
  });
});
