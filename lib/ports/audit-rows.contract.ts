import { beforeEach, describe, expect, it } from "vitest";
import type { AuditEntry, AuditRows } from "./admin-rows.ts";

const BOUND = 50;
const entryOf = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  atMs: 1,
  actor: "ada",
  namespace: "default",
  action: "keys.create",
  target: "",
  outcome: "done",
  requestId: null,
  detail: "",
  ...more,
});

/** What every driver of AuditRows must do. `fresh` makes empty rows of a bound; `reopen` opens the same storage again. */
export function describeAuditRows(
  name: string,
  fresh: (maxEntries: number) => Promise<{ rows: AuditRows; reopen: () => Promise<AuditRows> }>,
): void {
  describe(name, () => {
    let rows: AuditRows;
    let reopen: () => Promise<AuditRows>;
    const targets = async (limit: number, beforeId: number | null = null) =>
      (await rows.list(limit, beforeId)).map(({ target }) => target);
    beforeEach(async () => {
      ({ rows, reopen } = await fresh(BOUND));
    });

    it("give entries of every namespace back whole, the last written first, whatever their times say", async () => {
      const refused = entryOf({ namespace: "n", outcome: "refused", requestId: "r", detail: 'é "x"', target: "/t" });
      await rows.insert(entryOf({ atMs: 9, target: "first" }));
      await rows.insert({ ...refused, atMs: 5 });
      const [newest, oldest, ...rest] = await (await reopen()).list(10, null);
      expect([newest, oldest, rest]).toEqual([
        { ...refused, atMs: 5, id: newest?.id },
        { ...entryOf({ atMs: 9, target: "first" }), id: oldest?.id },
        [],
      ]);
      expect(newest?.id).toBeGreaterThan(oldest?.id ?? 0);
    });

    it("are walked page by page, each once, while others are written", async () => {
      for (let at = 0; at < 10; at++) await rows.insert(entryOf({ target: `t${at}` }));
      const seen: string[] = [];
      for (let before: number | null = null; ; ) {
        const page: Awaited<ReturnType<AuditRows["list"]>> = await rows.list(4, before);
        seen.push(...page.map(({ target }) => target));
        before = page.at(-1)?.id ?? null;
        if (page.length < 4) break;
        await rows.insert(entryOf({ target: `late ${seen.length}` }));
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_, back) => `t${9 - back}`));
      expect(await targets(2)).toEqual(["late 8", "late 4"]);
    });

    it("keep all that are written at once, each under an id of its own", async () => {
      await Promise.all(Array.from({ length: 20 }, (_, at) => rows.insert(entryOf({ target: `t${at}` }))));
      const kept = await (await reopen()).list(100, null);
      expect([new Set(kept.map(({ id }) => id)).size, new Set(kept.map(({ target }) => target)).size]).toEqual([
        20, 20,
      ]);
    });

    it("R3: hold their bound after each of 300 entries, and keep what is rare while one actor makes noise of every kind", async () => {
      const add = (actor: string, action: string, namespace = "default") =>
        rows.insert(entryOf({ actor, action, namespace }));
      await add("ada", "keys.create");
      await add("ada", "settings.patch");
      for (let count = 0; count < 300; count++) {
        await add("noisy", ["auth.sign-in", "memory.optimize", "refused"][count % 3] ?? "");
        const kept = await rows.list(1_000, null);
        expect(kept.length).toBe(Math.min(BOUND, count + 3));
        expect(kept.filter(({ actor }) => actor === "ada")).toHaveLength(2);
      }
      // A name alone is no identity: the same one elsewhere has entries of its own.
      await add("noisy", "refused", "elsewhere");
      for (let count = 0; count < 60; count++) await add("noisy", "refused");
      expect((await rows.list(1_000, null)).filter(({ namespace }) => namespace === "elsewhere")).toHaveLength(1);
    });
  });
}
