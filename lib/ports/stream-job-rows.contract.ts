import { beforeEach, describe, expect, it } from "vitest";
import type { StreamJobRow, StreamJobRows } from "./stream-job-rows.ts";

const BOUND = 40;
const rowOf = (id: string, more: Partial<StreamJobRow> = {}): StreamJobRow => ({
  id,
  nodeId: "node",
  namespace: "n",
  state: "completed",
  createdAtMs: 1,
  payload: "{}",
  ...more,
});

/** What every driver of StreamJobRows must do. `fresh` makes empty rows of a bound; `reopen` opens the same storage again. */
export function describeStreamJobRows(
  name: string,
  fresh: (maxJobs: number) => Promise<{ rows: StreamJobRows; reopen: () => Promise<StreamJobRows> }>,
): void {
  describe(name, () => {
    let rows: StreamJobRows;
    let reopen: () => Promise<StreamJobRows>;
    const save = (id: string, more: Partial<StreamJobRow> = {}) => rows.save(rowOf(id, more));
    const listed = async (more: Partial<Parameters<StreamJobRows["list"]>[1]> = {}, namespace = "n") =>
      (await rows.list(namespace, { limit: 100, before: null, state: null, ...more })).map(({ id }) => id);
    const inStates = async (nodeId: string, ...states: string[]) =>
      (await rows.inStates(nodeId, states)).map(({ id }) => id).toSorted();
    beforeEach(async () => {
      ({ rows, reopen } = await fresh(BOUND));
    });

    it("give a job back as it was saved last, through a restart, and to its namespace alone", async () => {
      expect(await save("a", { state: "running", payload: '{"at":"é"}' })).toEqual([]);
      expect(await save("a", { state: "waiting", payload: '{"at":2}' })).toEqual([]);
      rows = await reopen();
      expect(await rows.find("n", "a")).toEqual(rowOf("a", { state: "waiting", payload: '{"at":2}' }));
      expect([await rows.find("m", "a"), await rows.find("n", "unknown")]).toEqual([null, null]);
    });

    it("list a namespace's jobs, the newest first, of one state or all, and go on after any of them", async () => {
      const times = { a: 300, b: 100, c: 300, d: 200 };
      for (const [id, createdAtMs] of Object.entries(times))
        await save(id, { createdAtMs, state: id === "a" ? "failed" : "completed" });
      await save("other", { namespace: "m" });
      expect(await listed()).toEqual(["c", "a", "d", "b"]);
      expect(await listed({ limit: 2 })).toEqual(["c", "a"]);
      expect(await listed({ before: { createdAtMs: 300, id: "b" } })).toEqual(["a", "d", "b"]);
      expect(await listed({ state: "completed", before: { createdAtMs: 300, id: "c" } })).toEqual(["d", "b"]);
      expect([await listed({ state: "unknown" }), await listed({}, "m")]).toEqual([[], ["other"]]);
    });

    it("are walked page by page, each once, while jobs begin and change", async () => {
      for (let at = 10; at < 20; at++) await save(`j${at}`, { createdAtMs: at });
      const seen: string[] = [];
      for (let before: { createdAtMs: number; id: string } | null = null; ; ) {
        const page: StreamJobRow[] = await rows.list("n", { limit: 4, before, state: null });
        seen.push(...page.map(({ id }) => id));
        before = page.at(-1) ?? null;
        if (page.length < 4) break;
        await save(`late ${seen.length}`, { createdAtMs: 90 });
        await save("j10", { state: "failed", createdAtMs: 10 });
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_, back) => `j${19 - back}`));
    });

    it("tell a node's jobs by their state now, of all namespaces", async () => {
      await save("a", { state: "running" });
      await save("b", { state: "queued", namespace: "m" });
      await save("c", { state: "running", nodeId: "elsewhere" });
      await save("d");
      rows = await reopen();
      expect(await inStates("node", "queued", "running")).toEqual(["a", "b"]);
      await save("a", { state: "interrupted" });
      expect(await inStates("node", "queued", "running")).toEqual(["b"]);
      expect([await inStates("elsewhere", "running"), await inStates("node")]).toEqual([["c"], []]);
    });

    it("make room in the namespace with most jobs: what is over goes first, and nothing that runs or waits its turn", async () => {
      await save("theirs", { namespace: "other", state: "waiting" });
      await save("resumable", { state: "interrupted", createdAtMs: 2 });
      await save("under way", { state: "running", createdAtMs: 3 });
      await save("in line", { state: "queued", createdAtMs: 4 });
      for (let at = 0; at < BOUND - 4; at++) expect(await save(`j${at}`, { createdAtMs: 10 + at })).toEqual([]);
      expect(await save("new", { createdAtMs: 1 })).toEqual(["j0"]);
      expect([await rows.find("n", "j0"), (await rows.find("n", "new"))?.id]).toEqual([null, "new"]);
      expect(await listed({}, "other")).toEqual(["theirs"]);
      // A change of a job that is kept takes no room.
      expect(await save("j1", { createdAtMs: 11, state: "cancelled" })).toEqual([]);
      for (let at = 1; at < BOUND; at++) await save(`more ${at}`, { createdAtMs: 100 + at, state: "failed" });
      expect((await listed({ limit: 3 })).every((id) => id.startsWith("more"))).toBe(true);
      expect(await inStates("node", "running", "queued", "waiting")).toEqual(["in line", "theirs", "under way"]);
      // Of what can be resumed the oldest goes, once nothing is over any more.
      expect(await rows.find("n", "resumable")).toBeNull();
    });

    it("hold their bound when many are saved at once, and say of each that went", async () => {
      const fill = (count: number, from: number) =>
        Promise.all(Array.from({ length: count }, (_, at) => save(`j${from + at}`, { createdAtMs: from + at })));
      await fill(BOUND, 0);
      const gone = (await fill(30, 1_000)).flat();
      expect(await listed()).toHaveLength(BOUND);
      expect(new Set(gone)).toEqual(new Set(Array.from({ length: 30 }, (_, at) => `j${at}`)));
    });
  });
}
