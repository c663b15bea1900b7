import { beforeEach, describe, expect, it } from "vitest";
import { changed, messageOf } from "./conversation-rows.contract.ts";
import type { ConversationFilter, ConversationOrder, ConversationRow, ConversationRows } from "./conversation-rows.ts";

const ALL: ConversationFilter = { owner: null, prefix: null };
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

/** How every driver of ConversationRows must list. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeConversationLists(
  name: string,
  fresh: () => Promise<{ rows: ConversationRows; reopen: () => Promise<ConversationRows> }>,
): void {
  describe(name, () => {
    let rows: ConversationRows;
    let reopen: () => Promise<ConversationRows>;
    const say = (id: string, atMs: number, owner: string | null = null, namespace = "n") =>
      changed(
        rows,
        id,
        {
          atMs,
          fields: { title: null, owner, metadata: null },
          added: [messageOf(`${id} at ${atMs}`, { content: "é", metadata: { a: 1 } })],
        },
        namespace,
      );
    /** All pages of a list; `between` runs after each. */
    async function walked(
      limit: number,
      filter = ALL,
      between: (pages: number) => Promise<unknown> = async () => null,
    ) {
      const seen: ConversationRow[] = [];
      let pages = 0;
      for (let after: Parameters<ConversationRows["list"]>[2] = null; ; ) {
        const { rows: page, next }: Awaited<ReturnType<ConversationRows["list"]>> = await rows.list(
          "n",
          filter,
          after,
          limit,
        );
        seen.push(...page);
        await between(++pages);
        if (next === null) return idsOf(seen);
        after = next;
      }
    }
    async function sorted(by: ConversationOrder, descending: boolean, limit: number, filter = ALL) {
      const seen: ConversationRow[] = [];
      for (let after: readonly [number, number] | null = null; ; ) {
        const { rows: page, next }: Awaited<ReturnType<ConversationRows["sorted"]>> = await rows.sorted(
          ...(["n", filter, { by, descending }, after, limit] as const),
        );
        seen.push(...page);
        if (next === null) return idsOf(seen);
        after = next;
      }
    }
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("stand with the newest message first, and by row where times are the same, each page as long as asked", async () => {
      for (const [id, atMs] of Object.entries({ a: 5, b: 9, c: 5, d: 1 })) await say(id, atMs);
      await say("foreign", 7, null, "m");
      rows = await reopen();
      expect(await walked(10)).toEqual(["b", "c", "a", "d"]);
      expect(await walked(1)).toEqual(["b", "c", "a", "d"]);
      const whole = await rows.list("n", ALL, null, 4);
      expect([whole.rows.length, whole.next, whole.rows[0]]).toEqual([4, null, await rows.find("n", "b")]);
      expect(await rows.list("unknown", ALL, null, 4)).toEqual({ rows: [], next: null });
    });

    it("are walked in the order of the first page, each that stays once, while messages come, others begin and some go", async () => {
      const names = Array.from({ length: 20 }, (_, at) => `c${String(at).padStart(2, "0")}`);
      for (const [at, id] of names.entries()) await say(id, Math.floor(at / 5));
      const seen = await walked(4, ALL, async (pages) => {
        // One that is still to come and one that was shown move to the front, and one begins there.
        for (const moved of [`c${String(pages).padStart(2, "0")}`, "c19", `new ${pages}`])
          await say(moved, 100 + pages);
        if (pages === 2) await rows.remove("n", ["c07"]);
      });
      expect(seen).toEqual(names.toReversed().filter((id) => id !== "c07"));
      expect((await walked(100)).slice(0, 3)).toEqual(["new 5", "c19", "c05"]);
    });

    it("are those of an owner, or of ids that begin so, letter by letter", async () => {
      const owners = { a_1: "ada", a_2: "bob", "a%1": "ada", A_3: "ada", "a😀": "ada", é: "Ada" };
      for (const [id, owner] of Object.entries(owners)) await say(id, 1, owner);
      const filters: [ConversationFilter, string[]][] = [
        [{ owner: "ada", prefix: null }, ["a_1", "a%1", "A_3", "a😀"]],
        [{ owner: null, prefix: "a_" }, ["a_1", "a_2"]],
        [{ owner: "ada", prefix: "a" }, ["a_1", "a%1", "a😀"]],
        [{ owner: null, prefix: "a😀" }, ["a😀"]],
        [{ owner: "ad", prefix: null }, []],
        [{ owner: null, prefix: "" }, Object.keys(owners)],
      ];
      for (const [filter, wanted] of filters) {
        expect(await walked(2, filter)).toEqual(wanted.toReversed());
        expect(await sorted("createdAt", false, 2, filter)).toEqual(wanted);
        expect(idsOf(await rows.matching("n", filter, 0, 100))).toEqual(wanted);
        expect((await rows.measure("n", filter)).count).toBe(wanted.length);
      }
    });

    it("are sorted by any of their figures, either way, and by row in the same direction", async () => {
      for (const [id, atMs] of Object.entries({ a: 3, b: 1, c: 3, d: 2 })) await say(id, atMs);
      await say("b", 9);
      await changed(rows, "d", { atMs: 12, fields: { title: "t", owner: null, metadata: null } });
      expect(await sorted("createdAt", false, 2)).toEqual(["b", "d", "a", "c"]);
      expect(await sorted("createdAt", true, 1)).toEqual(["c", "a", "d", "b"]);
      expect(await sorted("lastMessageAt", false, 3)).toEqual(["d", "a", "c", "b"]);
      expect(await sorted("updatedAt", true, 2)).toEqual(["d", "b", "c", "a"]);
      expect(await sorted("messages", true, 2)).toEqual(["b", "d", "c", "a"]);
      expect(await rows.sorted("unknown", ALL, { by: "messages", descending: true }, null, 2)).toEqual({
        rows: [],
        next: null,
      });
    });

    it("are matched by row, each that stays once, and those that begin meanwhile at the end", async () => {
      for (const id of ["a", "b", "c", "d", "e"]) await say(id, 1);
      const first = await rows.matching("n", ALL, 0, 2);
      expect(first[0]).toEqual({ rowId: (await rows.find("n", "a"))?.rowId, id: "a" });
      await rows.remove("n", ["b", "d"]);
      await say("new", 0);
      const rest = await rows.matching("n", ALL, first.at(-1)?.rowId ?? 0, 100);
      expect([...idsOf(first), ...idsOf(rest)]).toEqual(["a", "b", "c", "e", "new"]);
    });

    it("are measured by the bytes of their messages: contents, parts and metadata", async () => {
      expect(await rows.measure("n", ALL)).toEqual({ count: 0, bytes: 0 });
      await say("a", 1);
      const one = (await rows.measure("n", ALL)).bytes;
      expect(one).toBeGreaterThanOrEqual(Buffer.byteLength('é{"a":1}'));
      await changed(rows, "a", { added: [messageOf("x", { content: "é".repeat(50) })] });
      await say("b", 1, "ada");
      await changed(rows, "c", {});
      await say("foreign", 1, null, "m");
      expect(await rows.measure("n", ALL)).toEqual({ count: 3, bytes: 2 * one + 100 });
      expect(await rows.measure("n", { owner: "ada", prefix: null })).toEqual({ count: 1, bytes: one });
    });
  });
}
