import { beforeEach, describe, expect, it } from "vitest";
import type {
  Changed,
  ConversationChange,
  ConversationRow,
  ConversationRows,
  MessageQuery,
  MessageRow,
  NewMessageRow,
} from "./conversation-rows.ts";

const NOTHING: ConversationChange = {
  atMs: 1,
  fields: null,
  keepUpTo: null,
  removed: null,
  edited: null,
  added: [],
};

export const messageOf = (id: string, more: Partial<NewMessageRow> = {}): NewMessageRow => ({
  id,
  role: "user",
  content: `content of ${id}`,
  parts: null,
  metadata: null,
  ...more,
});

/** Makes a change of a conversation as it is now. */
export async function changed(
  rows: ConversationRows,
  id: string,
  change: Partial<ConversationChange>,
  namespace = "n",
): Promise<Changed> {
  return rows.change(namespace, id, await rows.find(namespace, id), { ...NOTHING, ...change });
}

/** What every driver of ConversationRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeConversationRows(
  name: string,
  fresh: () => Promise<{ rows: ConversationRows; reopen: () => Promise<ConversationRows> }>,
): void {
  describe(name, () => {
    let rows: ConversationRows;
    let reopen: () => Promise<ConversationRows>;
    const change = (id: string, more: Partial<ConversationChange>, namespace = "n") =>
      changed(rows, id, more, namespace);
    const say = (id: string, ...ids: string[]) => change(id, { added: ids.map((each) => messageOf(each)) });
    const found = async (id = "c"): Promise<ConversationRow> => {
      const row = await rows.find("n", id);
      if (row === null) throw new Error(`there is no ${id}`);
      return row;
    };
    const page = async (query: Partial<MessageQuery> = {}, id = "c") =>
      rows.messages((await found(id)).rowId, {
        role: null,
        after: 0,
        before: 1e6,
        descending: false,
        limit: 100,
        ...query,
      });
    const ids = async (query: Partial<MessageQuery> = {}, id = "c") =>
      (await page(query, id)).rows.map((row) => row.id);
    const message = async (id: string): Promise<MessageRow> => {
      const [row] = await rows.named((await found()).rowId, [id]);
      if (row === undefined) throw new Error(`there is no ${id}`);
      return row;
    };
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("begin with a change, and give back what they say of themselves and their messages, through a restart", async () => {
      const fields = { title: 'é "x"', owner: "ada", metadata: { "": [null, { at: 1.5 }] } };
      const parts = [{ type: "text" as const, text: "語" }];
      const bodies = [
        messageOf("a", { content: "with \u0000 inside 😀", metadata: { "?1": "'" } }),
        messageOf("b", { role: "assistant", content: "", parts }),
      ];
      const { added, removedWindows } = await change("c", { atMs: 7, fields, added: bodies });
      rows = await reopen();
      const { rowId } = await found();
      expect(await rows.find("n", "c")).toEqual({
        ...{ rowId, id: "c", ...fields, createdAtMs: 7, updatedAtMs: 7, lastMessageAtMs: 7 },
        ...{ messageCount: 2, version: 1, lastSequence: 2 },
      });
      const stored = { conversationRowId: rowId, createdAtMs: 7, updatedAtMs: 7, version: 1 };
      expect(added).toEqual(
        bodies.map((body, at) => ({ ...body, ...stored, rowId: added[at]?.rowId, sequence: at + 1 })),
      );
      expect([(await page()).rows, removedWindows]).toEqual([added, []]);
      expect([await rows.find("m", "c"), await rows.find("n", "unknown")]).toEqual([null, null]);
      await change("bare", {});
      expect(await found("bare")).toMatchObject({ title: null, owner: null, metadata: null, messageCount: 0 });
    });

    it("count each change as a version, keep what a change does not name, and turn no time back", async () => {
      await change("c", { atMs: 5, fields: { title: "t", owner: "o", metadata: { a: 1 } }, added: [messageOf("a")] });
      const { added } = await change("c", { atMs: 9, added: [messageOf("b"), messageOf("d")] });
      expect(added.map(({ sequence, version }) => [sequence, version])).toEqual([
        [2, 2],
        [3, 2],
      ]);
      await change("c", { atMs: 8, fields: { title: null, owner: "p", metadata: null } });
      expect(await found()).toMatchObject({
        ...{ title: null, owner: "p", metadata: null, version: 3, lastSequence: 3, messageCount: 3 },
        ...{ createdAtMs: 5, updatedAtMs: 9, lastMessageAtMs: 9 },
      });
    });

    it("give no place to two messages, also after the last were cut off, and count what is left", async () => {
      await change("c", { atMs: 1, added: [messageOf("a")] });
      await change("c", { atMs: 5, added: [messageOf("b"), messageOf("d"), messageOf("e")] });
      await change("c", { atMs: 6, removed: await message("b") });
      expect([await ids(), await found()]).toMatchObject([["a", "d", "e"], { messageCount: 3, lastMessageAtMs: 5 }]);
      const { added } = await change("c", { atMs: 7, keepUpTo: 1, added: [messageOf("b")] });
      expect([await ids(), added[0]?.sequence]).toEqual([["a", "b"], 5]);
      await change("c", { atMs: 8, keepUpTo: 4 });
      expect(await found()).toMatchObject({ messageCount: 1, lastMessageAtMs: 1, lastSequence: 5, version: 5 });
      // Without messages its own time stands for theirs.
      await change("c", { atMs: 9, keepUpTo: 0 });
      expect([await ids(), await found()]).toMatchObject([[], { messageCount: 0, lastMessageAtMs: 1, createdAtMs: 1 }]);
    });

    it("keep an edited message's row, place and time", async () => {
      await say("c", "a", "b");
      const before = await message("a");
      const edited = { ...before, content: "é", role: "system", metadata: { v: 2 }, version: 2, updatedAtMs: 9 };
      await change("c", { atMs: 9, edited });
      rows = await reopen();
      expect((await page()).rows).toEqual([edited, await message("b")]);
      expect(await found()).toMatchObject({ version: 2, messageCount: 2, updatedAtMs: 9, lastMessageAtMs: 1 });
    });

    it("refuse as a conflict what would give an id or a place twice, and change nothing then", async () => {
      await say("c", "a", "b");
      const before = await found();
      const conflict = expect.objectContaining({ code: "conflict" });
      await expect(
        change("c", { fields: { title: "t", owner: null, metadata: null }, keepUpTo: 1, added: [messageOf("a")] }),
      ).rejects.toEqual(conflict);
      await expect(change("c", { added: [messageOf("d"), messageOf("d")] })).rejects.toEqual(conflict);
      await expect(rows.change("n", "c", null, { ...NOTHING, added: [messageOf("z")] })).rejects.toEqual(conflict);
      await expect(change("new", { added: [messageOf("d"), messageOf("d")] })).rejects.toEqual(conflict);
      rows = await reopen();
      expect([await found(), await ids(), await rows.find("n", "new")]).toEqual([before, ["a", "b"], null]);
      // A namespace's ids are its own.
      await change("c", { added: [messageOf("a")] }, "m");
    });

    it("let one of many win that begin a conversation, or append to the same state of one, at once", async () => {
      for (const known of [null, undefined]) {
        const before = known === null ? null : await found();
        const outcomes = await Promise.allSettled(
          Array.from({ length: 6 }, (_, at) =>
            rows.change("n", "c", before, { ...NOTHING, added: [messageOf(`${before?.version}-${at}`)] }),
          ),
        );
        const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
        expect(lost).toEqual(Array(5).fill("conflict"));
      }
      expect(await found()).toMatchObject({ messageCount: 2, lastSequence: 2, version: 2 });
      expect(await ids()).toHaveLength(2);
    });

    it("refuse as a conflict an append to a conversation that was removed meanwhile", async () => {
      await say("c", "a");
      const known = await found();
      await rows.remove("n", ["c"]);
      await expect(rows.change("n", "c", known, { ...NOTHING, added: [messageOf("b")] })).rejects.toMatchObject({
        code: "conflict",
      });
      expect([await rows.find("n", "c"), await rows.byRowId([known.rowId])]).toEqual([null, []]);
    });

    it("give pages of messages between two places, either way, of one role or all, and say whether more follow", async () => {
      const roles = ["user", "assistant"];
      const added = Array.from({ length: 9 }, (_, at) => messageOf(`m${at + 1}`, { role: roles[at % 2] ?? "" }));
      await change("c", { added });
      expect(await ids({ after: 2, before: 6 })).toEqual(["m3", "m4", "m5"]);
      expect(await ids({ before: 6, descending: true, limit: 2 })).toEqual(["m5", "m4"]);
      expect(await ids({ role: "assistant", after: 3 })).toEqual(["m4", "m6", "m8"]);
      expect([(await page({ limit: 8 })).isCut, (await page({ after: 1, limit: 8 })).isCut]).toEqual([true, false]);
      expect(await page({ role: "system" })).toEqual({ rows: [], isCut: false });
    });

    it("say that more follow after a page of the longest texts, whatever their letters take as they are kept", async () => {
      const content = "\u0000".repeat(1_048_576);
      for (const id of ["a", "b", "c", "d", "e"]) await change("c", { added: [messageOf(id, { content })] });
      const first = await page({ limit: 50 });
      const { sequence = 0 } = first.rows.at(-1) ?? {};
      const rest = first.isCut ? await page({ after: sequence, limit: 50 }) : { rows: [], isCut: false };
      const last = rest.isCut ? await page({ after: rest.rows.at(-1)?.sequence ?? 0, limit: 50 }) : { rows: [] };
      const all = [first, rest, last].flatMap(({ rows: some }) => some);
      expect(all.map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e"]);
    });

    it("end a page at some megabytes, with one message at least, and miss none over all pages", async () => {
      const sizes = [3, 3, 3, 9, 1];
      for (const [at, size] of sizes.entries())
        await change("c", { added: [messageOf(`m${at}`, { content: "é".repeat(size * 2 ** 19) })] });
      for (const descending of [false, true]) {
        const seen: MessageRow[] = [];
        for (let after = 0, before = 1e6; ; ) {
          const { rows: some, isCut } = await page({ after, before, descending });
          seen.push(...some);
          if (!isCut) break;
          expect(some.length).toBeGreaterThan(0);
          expect(some.slice(1).reduce((sum, { content }) => sum + content.length * 2, 0)).toBeLessThan(24 * 2 ** 20);
          const last = seen.at(-1)?.sequence ?? 0;
          if (descending) before = last;
          else after = last;
        }
        const names = sizes.map((_, at) => `m${at}`);
        expect(seen.map((row) => row.id)).toEqual(descending ? names.toReversed() : names);
      }
    });

    it("tell those messages and conversations that are there of those named", async () => {
      await say("c", "a", "b");
      await say("d", "a");
      const [c, d] = [await found("c"), await found("d")];
      const both = [...(await page()).rows, ...(await page({}, "d")).rows];
      expect((await rows.named(c.rowId, ["a", "unknown"])).map(({ sequence }) => sequence)).toEqual([1]);
      const byRow = await rows.byRowId([...both.map(({ rowId }) => rowId), 999_999]);
      expect(byRow.toSorted((x, y) => x.rowId - y.rowId)).toEqual(both);
      const owners = await rows.conversationIds([d.rowId, c.rowId, 999_999]);
      expect(owners.toSorted((x, y) => x.rowId - y.rowId)).toEqual([
        { rowId: c.rowId, id: "c" },
        { rowId: d.rowId, id: "d" },
      ]);
      expect([await rows.named(c.rowId, []), await rows.byRowId([]), await rows.conversationIds([])]).toEqual([
        [],
        [],
        [],
      ]);
    });

    it("are removed with their messages, as often as that is asked, and their rows come back for no other", async () => {
      await say("c", "a", "b");
      await say("d", "a");
      await change("c", { added: [messageOf("x")] }, "m");
      const [gone, messages] = [await found(), (await page()).rows.map(({ rowId }) => rowId)];
      expect(await rows.remove("n", ["c", "unknown"])).toEqual([gone.rowId]);
      expect(await rows.remove("n", ["c"])).toEqual([]);
      rows = await reopen();
      expect([await rows.find("n", "c"), await rows.byRowId(messages)]).toEqual([null, []]);
      expect(await rows.counts("n")).toEqual({ conversations: 1, messages: 1 });
      expect(await rows.counts("m")).toEqual({ conversations: 1, messages: 1 });
      expect(await rows.counts("unknown")).toEqual({ conversations: 0, messages: 0 });
      await say("d", "b");
      await rows.remove("n", ["d"]);
      rows = await reopen();
      const { added } = await say("c", "a");
      expect((await found()).rowId).toBeGreaterThan(gone.rowId);
      expect(added[0]?.rowId).toBeGreaterThan(Math.max(...messages));
      expect(await found()).toMatchObject({ version: 1, lastSequence: 1 });
    });
  });
}
