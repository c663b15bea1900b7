import { beforeEach, describe, expect, it } from "vitest";
import { type SessionChange, type SessionFigure, type SessionRow, type SessionRows, tagsText } from "./session-rows.ts";

const TIMEOUT_MS = 1_000;
type Sorted = Parameters<SessionRows["listSorted"]>[1];

const rowOf = (id: string, more: Partial<SessionRow> = {}): SessionRow => ({
  id,
  ownId: null,
  namespace: "n",
  createdAtMs: 100,
  lastUsedAtMs: 100,
  idleTimeoutMs: TIMEOUT_MS,
  endsAtMs: Number.POSITIVE_INFINITY,
  version: 1,
  tags: "",
  data: Buffer.from(JSON.stringify({ id })),
  ...more,
});
const put = (id: string, more: Partial<SessionRow> = {}): SessionChange => ({ kind: "put", row: rowOf(id, more) });
const use = (id: string, lastUsedAtMs: number): SessionChange => ({ kind: "use", id, lastUsedAtMs });
const deletion = (id: string): SessionChange => ({ kind: "delete", id, end: null });

/** What every driver of SessionRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeSessionRows(
  name: string,
  fresh: () => Promise<{ rows: SessionRows; reopen: () => Promise<SessionRows> }>,
): void {
  describe(name, () => {
    let rows: SessionRows;
    let reopen: () => Promise<SessionRows>;
    const stored = async (id: string) => {
      const row = await (await reopen()).get(id);
      return row && { ...row, data: Buffer.from(row.data) };
    };
    const listed = async (query: Partial<Parameters<SessionRows["list"]>[1]> = {}) =>
      (await rows.list("n", { prefix: "", after: null, limit: 10, atMs: 500, ...query })).map(({ id }) => id);

    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("gives a session back as it was put last, through a restart, and null for one that is unknown or deleted", async () => {
      await rows.apply([put("a"), put("a", { version: 2, data: Buffer.from('"é"') }), put("b")]);
      expect(await stored("a")).toEqual(rowOf("a", { version: 2, data: Buffer.from('"é"') }));
      await rows.apply([deletion("a"), deletion("unknown")]);
      expect([await stored("a"), await stored("unknown")]).toEqual([null, null]);
      expect((await stored("b"))?.version).toBe(1);
    });

    it("rounds a timeout to whole milliseconds, and writes what came with it", async () => {
      await rows.apply([put("a"), put("b", { idleTimeoutMs: 16.1 * 1000 }), put("c")]);
      expect([await stored("a"), await stored("b"), await stored("c")]).toEqual([
        rowOf("a"),
        rowOf("b", { idleTimeoutMs: 16_100 }),
        rowOf("c"),
      ]);
    });

    it("moves the last use alone with a use, and makes nothing of one of a session that is gone", async () => {
      await rows.apply([put("a"), put("b")]);
      await rows.apply([use("a", 900), deletion("b"), use("unknown", 900)]);
      await rows.apply([use("b", 900)]);
      expect(await stored("a")).toEqual(rowOf("a", { lastUsedAtMs: 900 }));
      expect([await stored("b"), await stored("unknown")]).toEqual([null, null]);
    });

    it("lists live sessions of a namespace alone, the newest first, and goes on after any of them", async () => {
      const times: [string, number][] = [
        ["a", 300],
        ["b", 100],
        ["c", 300],
        ["d", 200],
      ];
      await rows.apply(times.map(([id, at]) => put(id, { createdAtMs: at, lastUsedAtMs: at })));
      await rows.apply([put("other", { namespace: "m" }), put("over", { idleTimeoutMs: 50 })]);
      expect(await listed()).toEqual(["c", "a", "d", "b"]);
      expect(await listed({ limit: 2 })).toEqual(["c", "a"]);
      expect(await listed({ after: { createdAtMs: 300, id: "a" } })).toEqual(["d", "b"]);
      const [first] = await rows.list("n", { prefix: "", after: null, limit: 1, atMs: 500 });
      const { data, ...summary } = rowOf("c", { createdAtMs: 300, lastUsedAtMs: 300 });
      expect(first).toEqual({ ...summary, bytes: data.length });
    });

    it("finds, counts and lists the sessions that have a tag now, whatever became of others", async () => {
      const tagged = (id: string, ...tags: string[]) => put(id, { tags: tagsText(tags) });
      await rows.apply([tagged("a", "x", "é"), tagged("b", "x"), tagged("c", "é"), tagged("d"), tagged("e", "x")]);
      await rows.apply([put("m", { namespace: "m", tags: '["x"]' })]);
      expect(await listed({ tag: "x" })).toEqual(["e", "b", "a"]);
      expect(await listed({ tag: "x", limit: 1, after: { createdAtMs: 100, id: "e" } })).toEqual(["b"]);
      expect(await listed({ tag: "x", prefix: "b" })).toEqual(["b"]);
      expect(await listed({ tag: "unknown" })).toEqual([]);
      await rows.apply([tagged("a", "é"), deletion("b"), tagged("d", "x"), tagged("e"), use("d", 900)]);
      await rows.apply([put("c", { createdAtMs: 700, lastUsedAtMs: 700, tags: '["x","y"]' })]);
      expect(await listed({ tag: "x" })).toEqual(["c", "d"]);
      expect((await rows.tally("n", { atMs: 500, tag: "é" })).count).toBe(1);
      expect((await stored("c"))?.tags).toBe('["x","y"]');
      await rows.expire(1_800, 10);
      expect(await listed({ tag: "x", atMs: 0 })).toEqual(["d"]);
    });

    it("lists by size or time, either way, and goes on after any of them, also when it is gone", async () => {
      const sized = (id: string, bytes: number, lastUsedAtMs: number) =>
        put(id, { data: Buffer.alloc(bytes, "1"), createdAtMs: lastUsedAtMs - 90, lastUsedAtMs, tags: '["t"]' });
      await rows.apply([sized("a", 7, 300), sized("b", 5, 200), sized("c", 7, 100), sized("d", 9, 200)]);
      await rows.apply([put("other", { namespace: "m" }), put("over", { idleTimeoutMs: 50 }), use("c", 900)]);
      const sorted = async (sort: SessionFigure, order: "asc" | "desc", more: Partial<Sorted> = {}) =>
        (await rows.listSorted("n", { sort, order, after: null, limit: 10, atMs: 500, ...more })).map(({ id }) => id);
      expect(await sorted("bytes", "desc")).toEqual(["d", "c", "a", "b"]);
      expect(await sorted("bytes", "asc", { limit: 2 })).toEqual(["b", "a"]);
      expect(await sorted("bytes", "asc", { after: [7, "a"] })).toEqual(["c", "d"]);
      expect(await sorted("lastUsedAt", "desc")).toEqual(["c", "a", "d", "b"]);
      expect(await sorted("lastUsedAt", "desc", { after: [200, "d"] })).toEqual(["b"]);
      expect(await sorted("createdAt", "asc")).toEqual(["c", "b", "d", "a"]);
      await rows.apply([deletion("a")]);
      expect(await sorted("bytes", "desc", { after: [7, "a"], tag: "t" })).toEqual(["b"]);
      expect(await sorted("createdAt", "asc", { prefix: "d", tag: "t" })).toEqual(["d"]);
      const beyondAll = [9_999_999_999, "x"] as const;
      expect(await sorted("bytes", "asc", { after: beyondAll })).toEqual([]);
      expect(await sorted("bytes", "desc", { after: beyondAll })).toEqual(await sorted("bytes", "desc"));
      const [first] = await rows.listSorted("n", { sort: "bytes", order: "desc", after: null, limit: 1, atMs: 500 });
      const { data, ...summary } = rowOf("d", { createdAtMs: 110, lastUsedAtMs: 200, tags: '["t"]' });
      expect(first).toEqual({ ...summary, bytes: 9 });
    });

    it("deletes at most as many expired sessions as asked, by their last use, and counts the live", async () => {
      await rows.apply(["a", "b", "c", "d"].map((id) => put(id)));
      await rows.apply([use("d", 900)]);
      expect(await rows.count(1_099)).toBe(4);
      expect(await rows.count(1_100)).toBe(1);
      expect(await rows.expire(1_099, 10)).toBe(0);
      expect([await rows.expire(1_100, 2), await rows.expire(1_100, 2), await rows.expire(1_100, 2)]).toEqual([
        2, 1, 0,
      ]);
      expect([await stored("a"), (await stored("d"))?.lastUsedAtMs]).toEqual([null, 900]);
    });

    it("remembers when a session under an id of its caller's own ended, deleted or expired", async () => {
      await rows.apply([put("deleted", { ownId: "mine" }), put("expired", { ownId: "yours" }), put("made")]);
      await rows.apply([{ kind: "delete", id: "deleted", end: { namespace: "n", endedAtMs: 700 } }, deletion("made")]);
      await rows.expire(1_100, 10);
      const again = await reopen();
      expect([await again.endOf("deleted"), await again.endOf("expired"), await again.endOf("made")]).toEqual([
        700,
        1_100,
        null,
      ]);
    });
  });
}
