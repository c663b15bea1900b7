import { beforeEach, describe, expect, it } from "vitest";
import { parseFilter } from "../shared/filter.ts";
import type { StoredPoints, VectorRows } from "./vector-rows.ts";

const SIZE = 8;
const shape = {
  namespace: "default",
  dimensions: 3,
  metric: "cosine",
  precision: "int16",
  createdAtMs: 5,
  formerPrecision: null,
} as const;

function writes(ids: readonly string[], mark: number, metadata: (string | null)[] = ids.map(() => null)) {
  const bytes = new Uint8Array(ids.length * SIZE);
  for (const [i] of ids.entries()) bytes.fill(mark + i, i * SIZE, (i + 1) * SIZE);
  const error = { measured: ids.length, errorSum: ids.length, errorMax: mark };
  return { ids: [...ids], metadata, bytes: bytes.buffer, error, sent: null };
}

function marks({ ids, bytes }: StoredPoints): Map<string, number> {
  return new Map(ids.map((id, i) => [id, new Uint8Array(bytes)[i * SIZE] ?? -1]));
}

/** What every driver of VectorRows must do. `open` opens the same storage again; `fresh` makes an empty one. */
export function describeVectorRows(
  name: string,
  fresh: () => Promise<{ rows: VectorRows; reopen: () => Promise<VectorRows> }>,
): void {
  describe(name, () => {
    let rows: VectorRows;
    let reopen: () => Promise<VectorRows>;
    let id: number;

    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
      ({ id } = await rows.createCollection({ ...shape, name: "c" }));
    });

    it("keeps a point's row when it is replaced, and counts only new points as inserted", async () => {
      const first = await rows.upsert(id, writes(["a", "b"], 1));
      const second = await rows.upsert(id, writes(["b", "c"], 7));
      expect([first.inserted, second.inserted]).toEqual([2, 1]);
      expect(second.rows[0]).toBe(first.rows[1]);
      expect(new Set([...first.rows, ...second.rows]).size).toBe(3);
      expect(marks(await rows.find(id, ["a", "b", "c", "absent"]))).toEqual(
        new Map([
          ["a", 1],
          ["b", 7],
          ["c", 8],
        ]),
      );
    });

    it("has everything after it is opened again, and gives no row number twice", async () => {
      const { rows: before } = await rows.upsert(id, writes(["a", "b"], 1, ['{"n":1}', null]));
      const again = await reopen();
      expect(await again.collections()).toEqual([
        { ...shape, name: "c", id, count: 2, measured: 2, errorSum: 2, errorMax: 1 },
      ]);
      const found = await again.scan(id, 0, 10);
      expect([found.rows, found.ids, found.metadata]).toEqual([before, ["a", "b"], ['{"n":1}', null]]);
      const { rows: after } = await again.upsert(id, writes(["c"], 1));
      expect(before).not.toContain(after[0]);
    });

    it("scans in the order of rows, page by page, and reads rows of its own collection alone", async () => {
      const other = await rows.createCollection({ ...shape, name: "other" });
      const ids = Array.from({ length: 25 }, (_, i) => `p${i}`);
      await rows.upsert(id, writes(ids, 0));
      const { rows: foreign } = await rows.upsert(other.id, writes(["x"], 99));
      const seen: string[] = [];
      for (let after = 0; ; ) {
        const page = await rows.scan(id, after, 10);
        seen.push(...page.ids);
        if (page.rows.length < 10) break;
        after = page.rows.at(-1) ?? 0;
      }
      expect(seen).toEqual(ids);
      expect((await rows.read(id, foreign)).rows).toEqual([]);
      expect((await rows.read(other.id, foreign)).ids).toEqual(["x"]);
    });

    it("lists and matches by metadata", async () => {
      const ids = Array.from({ length: 2_500 }, (_, i) => `p${i}`);
      const metadata = ids.map((_, i) => (i % 7 === 0 ? null : JSON.stringify({ even: i % 2 === 0 })));
      const { rows: numbers } = await rows.upsert(id, writes(ids, 0, metadata));
      const filter = parseFilter({ even: true });
      const wanted = numbers.filter((_, i) => i % 7 !== 0 && i % 2 === 0);
      expect((await rows.matching(id, filter)).sort((a, b) => a - b)).toEqual(wanted);
      const page = await rows.list(id, wanted[4] ?? 0, 3, filter);
      expect(page.rows).toEqual(wanted.slice(5, 8));
      expect((await rows.list(id, 0, 2, null)).ids).toEqual(["p0", "p1"]);
    });

    it("changes a point's metadata by what was there, keeps its row and vector, and does nothing where it cannot", async () => {
      const { rows: numbers } = await rows.upsert(id, writes(["a", "b"], 1, ['{"n":1}', null]));
      const seen: (string | null)[] = [];
      const become = (metadata: string | null) => (before: string | null) => {
        seen.push(before);
        return metadata;
      };
      const changed = await rows.changeMetadata(id, "a", become('{"n":2}'));
      expect(changed).toMatchObject({ rows: [numbers[0]], ids: ["a"], metadata: ['{"n":2}'] });
      expect(new Uint8Array(changed?.bytes ?? new ArrayBuffer(0))).toEqual(new Uint8Array(SIZE).fill(1));
      await rows.changeMetadata(id, "a", become(null));
      expect(seen).toEqual(['{"n":1}', '{"n":2}']);
      expect(await rows.changeMetadata(id, "absent", become("{}"))).toBeNull();
      const refuse = () => {
        throw new Error("too much");
      };
      await expect(rows.changeMetadata(id, "b", refuse)).rejects.toThrow("too much");
      await rows.changeMetadata(id, "b", become('{"n":3}'));
      const stored = await (await reopen()).scan(id, 0, 10);
      expect(stored.metadata).toEqual([null, '{"n":3}']);
      expect(stored.rows).toEqual(numbers);
    });

    it("makes changes of one point's metadata that overlap one after the other, so that none is lost", async () => {
      await rows.upsert(id, writes(["a"], 1, ["0"]));
      const more = (before: string | null) => String(Number(before) + 1);
      await Promise.all(Array.from({ length: 20 }, () => rows.changeMetadata(id, "a", more)));
      expect((await rows.find(id, ["a"])).metadata).toEqual(["20"]);
    });

    it("removes what is there, and tells which rows", async () => {
      const { rows: numbers } = await rows.upsert(id, writes(["a", "b", "c"], 1));
      expect((await rows.remove(id, ["c", "a", "absent", "a"])).sort()).toEqual([numbers[0], numbers[2]].sort());
      expect((await rows.scan(id, 0, 10)).ids).toEqual(["b"]);
    });

    it("removes by a filter what matches at that moment, and leaves what has changed since it was found", async () => {
      const { rows: numbers } = await rows.upsert(
        id,
        writes(["a", "b", "c"], 1, ['{"old":true}', '{"old":false}', null]),
      );
      const filter = parseFilter({ old: true });
      const removed = rows.remove(id, ["a", "b", "c"], filter);
      expect(await removed).toEqual([numbers[0]]);
      await rows.changeMetadata(id, "b", () => '{"old":true}');
      await Promise.all([rows.changeMetadata(id, "b", () => "{}"), rows.remove(id, ["b"], filter)]);
      expect((await rows.scan(id, 0, 10)).ids).toEqual(["b", "c"]);
    });

    it("drops a collection with its points; the name is free at once", async () => {
      await rows.upsert(id, writes(["a"], 1));
      await rows.dropCollection(id);
      const next = await rows.createCollection({ ...shape, name: "c" });
      expect(next.id).not.toBe(id);
      expect((await rows.scan(next.id, 0, 10)).rows).toEqual([]);
      expect(await (await reopen()).collections()).toEqual([
        { ...shape, name: "c", id: next.id, count: 0, measured: 0, errorSum: 0, errorMax: 0 },
      ]);
    });

    it("adds errors up, keeps the largest, and has both after it is opened again", async () => {
      await rows.upsert(id, writes(["a", "b"], 3));
      await rows.upsert(id, writes(["b"], 9));
      await rows.upsert(id, writes(["c"], 1));
      await rows.remove(id, ["b"]);
      const again = await reopen();
      expect(await again.collections()).toMatchObject([{ measured: 4, errorSum: 4, errorMax: 9, count: 2 }]);
    });

    it("keeps vectors as they were sent, the last of each point, and none of those that are gone", async () => {
      const sent = (ids: string[], mark: number) => ({
        ...writes(ids, mark),
        sent: (at: number) => Float32Array.of(mark + at, 0.1, -1e-30),
      });
      const { rows: numbers } = await rows.upsert(id, sent(["a", "b", "c"], 1));
      await rows.upsert(id, sent(["b"], 7));
      await rows.remove(id, ["a"]);
      const again = await reopen();
      const kept = await again.sent(id, 0, 10);
      expect(kept.rows).toEqual(numbers.slice(1));
      expect(kept.vectors).toEqual([Float32Array.of(7, 0.1, -1e-30), Float32Array.of(3, 0.1, -1e-30)]);
      expect((await again.sent(id, 0, 1)).rows).toEqual(numbers.slice(1, 2));
      await again.dropCollection(id);
      expect((await again.sent(id, 0, 10)).rows).toEqual([]);
    });

    it("leaves nothing of an upsert that ends after a drop, and says that the collection is gone", async () => {
      await rows.upsert(id, writes(["a"], 1));
      const drop = rows.dropCollection(id);
      const late = Promise.allSettled([
        rows.upsert(id, writes(["b", "c"], 5)),
        drop.then(() => rows.upsert(id, writes(["d"], 9))),
      ]);
      await drop;
      const [, after] = await late;
      expect(after).toMatchObject({ status: "rejected", reason: { code: "not-found" } });
      const again = await reopen();
      expect((await again.scan(id, 0, 10)).rows).toEqual([]);
    });

    it("gives back the collection that stands under a name already, in the shape that it has", async () => {
      const other = await rows.createCollection({ ...shape, name: "c", dimensions: 9 });
      expect(other).toEqual({ ...shape, name: "c", id });
    });

    it("writes that overlap end as if one came after the other", async () => {
      const ids = ["a", "b", "c"];
      const results = await Promise.all([
        ...Array.from({ length: 20 }, (_, i) => rows.upsert(id, writes(ids.slice(i % 3), i))),
        rows.remove(id, ids).then((removed) => ({ rows: removed, inserted: -removed.length })),
        ...Array.from({ length: 20 }, (_, i) => rows.upsert(id, writes(ids.slice(0, 1 + (i % 3)), i))),
      ]);
      const count = results.reduce((sum, { inserted }) => sum + inserted, 0);
      const stored = await rows.scan(id, 0, 10);
      expect(stored.rows.length).toBe(count);
      expect(new Set(stored.ids).size).toBe(count);
    });
  });
}
