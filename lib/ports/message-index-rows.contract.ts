import { beforeEach, describe, expect, it } from "vitest";
import { changed, messageOf } from "./conversation-rows.contract.ts";
import type { ConversationRows, MessageRow } from "./conversation-rows.ts";
import type { MessageIndexRows } from "./message-index-rows.ts";

/** Both ports on one storage. */
export interface IndexedConversations {
  conversations: ConversationRows;
  index: MessageIndexRows;
}

/** What a driver is opened with. */
export interface IndexParts {
  /** The embedding model in force. */
  model: () => string;
  /** What of a text goes into the index of words, and the languages it is in. */
  wordsOf: (text: string) => Promise<{ words: string; languages: readonly string[] }>;
}

const windowsOf = (rowId: number, count: number) =>
  Array.from({ length: count }, (_, at) => Uint8Array.of(rowId % 256, at, 0, 255));
const bytesOf = (rows: readonly { vector: Uint8Array }[]) => rows.map(({ vector }) => [...vector]);

/** What every driver of MessageIndexRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeMessageIndexRows(
  name: string,
  fresh: (parts: IndexParts) => Promise<{ rows: IndexedConversations; reopen: () => Promise<IndexedConversations> }>,
): void {
  describe(name, () => {
    let conversations: ConversationRows;
    let index: MessageIndexRows;
    let reopen: () => Promise<void>;
    let model: string;
    const say = async (id: string, contents: readonly string[], namespace = "n"): Promise<MessageRow[]> => {
      const from = (await conversations.find(namespace, id))?.lastSequence ?? 0;
      const added = contents.map((content, at) => messageOf(`m${from + at + 1}`, { content }));
      return (await changed(conversations, id, { added }, namespace)).added;
    };
    const edit = async (id: string, row: MessageRow, content: string) => {
      const version = ((await conversations.find("n", id))?.version ?? 0) + 1;
      return changed(conversations, id, { edited: { ...row, content, version, updatedAtMs: 9 } });
    };
    /** Gives each of these messages so many windows. */
    const embed = (messages: readonly MessageRow[], count = 1) =>
      index.setWindows(
        "n",
        messages.map(({ rowId, version }) => ({ rowId, version, windows: windowsOf(rowId, count) })),
      );
    const pending = async (limit = 100, maxCharacters = 1e6) =>
      (await index.pending("n", limit, maxCharacters)).map(({ content }) => content);
    const matched = async (expression: string, { limit = 10, only = null as number | null, namespace = "n" } = {}) => {
      const matches = await index.matchWords(namespace, expression, limit, only);
      const rows = await conversations.byRowId(matches.map(({ id }) => id));
      return matches.map(({ id }) => rows.find(({ rowId }) => rowId === id)?.content);
    };
    beforeEach(async () => {
      model = "m";
      const parts: IndexParts = {
        model: () => model,
        wordsOf: async (text) => ({ words: text, languages: text.startsWith("der ") ? ["de"] : ["en"] }),
      };
      const opened = await fresh(parts);
      ({ conversations, index } = opened.rows);
      reopen = async () => {
        ({ conversations, index } = await opened.reopen());
      };
    });

    it("find a message by its words as soon as its append resolves, through a restart, in its namespace alone", async () => {
      const [first] = await say("c", ["red apples", "green pears"]);
      await say("d", ["apples and pears"]);
      await say("foreign", ["apples"], "m");
      await reopen();
      expect((await matched('"apple"')).toSorted()).toEqual(["apples and pears", "red apples"]);
      expect(await matched('"green pear" OR "unknown"')).toEqual(["green pears"]);
      expect(await matched('"apple"', { only: first?.conversationRowId ?? 0 })).toEqual(["red apples"]);
      const [best, next] = await index.matchWords("n", '"red" OR "apple"', 10, null);
      expect([best?.id, best?.documentId]).toEqual([first?.rowId, first?.conversationRowId]);
      expect([(best?.score ?? 0) > (next?.score ?? 0), (next?.score ?? 0) > 0]).toEqual([true, true]);
      expect(await matched('"red" OR "apple"', { limit: 1 })).toEqual(["red apples"]);
      expect([
        await matched('"apple"', { namespace: "m" }),
        await matched('"apple"', { namespace: "unknown" }),
      ]).toEqual([["apples"], []]);
    });

    it("find no word of what was edited away, cut off or removed", async () => {
      const [a, b] = await say("c", ["apple", "pear", "plum", "fig"]);
      await say("d", ["apple"]);
      if (!a || !b) throw new Error("nothing was added");
      await edit("c", a, "cherry");
      await changed(conversations, "c", { removed: b });
      await changed(conversations, "c", { keepUpTo: 3 });
      await conversations.remove("n", ["d"]);
      await reopen();
      expect(await matched('"apple" OR "pear" OR "fig"')).toEqual([]);
      expect((await matched('"cherry" OR "plum"')).toSorted()).toEqual(["cherry", "plum"]);
    });

    it("know the languages of a namespace's words, and through a restart", async () => {
      expect(index.languages("n")).toEqual([]);
      await Promise.all([say("c", ["der Hund"]), say("d", ["the dog"]), say("e", ["the dog"], "m")]);
      expect(index.languages("n").toSorted()).toEqual(["de", "en"]);
      await reopen();
      expect([index.languages("n").toSorted(), index.languages("m")]).toEqual([["de", "en"], ["en"]]);
      // All were written by this version: nothing is left to be indexed.
      expect([await index.indexEarlier("n"), await index.indexEarlier("unknown")]).toEqual([false, false]);
      expect((await matched('"hund" OR "dog"')).length).toBe(2);
    });

    it("have messages wait for vectors, the newest first, up to a number and to some characters, and one at least", async () => {
      await say("c", ["one", "two"]);
      await say("d", ["three"]);
      await say("foreign", ["four"], "m");
      expect(await pending()).toEqual(["three", "two", "one"]);
      expect([await pending(2), await pending(100, 5), await pending(100, 6), await pending(100, 1)]).toEqual([
        ["three", "two"],
        ["three"],
        ["three", "two"],
        ["three"],
      ]);
      expect([await index.countPending("n", 100), await index.countPending("n", 2)]).toEqual([3, 2]);
      expect([await index.countPending("unknown", 9), await index.pending("unknown", 9, 9)]).toEqual([0, []]);
      // What ends a text elsewhere does not end its length.
      const long = `\u0000${"x".repeat(99)}`;
      await say("d", [long]);
      expect(await pending(100, 20)).toEqual([long]);
      const [row] = await index.pending("n", 1, 100);
      expect([row]).toEqual(await conversations.byRowId([row?.rowId ?? 0]));
    });

    it("give each message as many windows as were set, replace those before, and count one of none as embedded", async () => {
      const [a, b, c] = await say("c", ["a", "b", "c"]);
      if (!a || !b || !c) throw new Error("nothing was added");
      expect(await index.hasWindows("n")).toBe(false);
      const written = await index.setWindows("n", [
        { rowId: a.rowId, version: a.version, windows: windowsOf(a.rowId, 3) },
        { rowId: b.rowId, version: b.version, windows: [] },
      ]);
      expect(bytesOf(written)).toEqual(bytesOf(windowsOf(a.rowId, 3).map((vector) => ({ vector }))));
      expect(written.every(({ documentId }) => documentId === a.conversationRowId)).toBe(true);
      await reopen();
      expect([await pending(), await index.hasWindows("n"), await index.hasWindows("m")]).toEqual([["c"], true, false]);
      const ids = written.map(({ id }) => id);
      const found = (await index.windows([...ids, 999_999])).toSorted((x, y) => x.windowId - y.windowId);
      expect(found.map(({ windowId, rowId, conversationRowId }) => [windowId, rowId, conversationRowId])).toEqual(
        ids.map((id) => [id, a.rowId, a.conversationRowId]),
      );
      expect(bytesOf(found)).toEqual(bytesOf(written));
      const again = await embed([a, c], 2);
      expect((await index.windowsOf([a.rowId, b.rowId, c.rowId, 999_999])).length).toBe(4);
      expect([await index.windows(ids), (await index.page("n", 0, 99)).length, await pending()]).toEqual([[], 4, []]);
      expect(new Set([...ids, ...again.map(({ id }) => id)]).size).toBe(7);
    });

    it("set no windows of a text that was edited or removed since it was read: the edited one waits again", async () => {
      const [a, b, c] = await say("c", ["a", "b", "c"]);
      if (!a || !b || !c) throw new Error("nothing was added");
      const before = await embed([a]);
      const { removedWindows } = await edit("c", a, "edited");
      expect(removedWindows).toEqual(before.map(({ id }) => id));
      await changed(conversations, "c", { removed: b });
      const written = await embed([a, b, c]);
      expect(written.length).toBe(1);
      await reopen();
      expect([await pending(), (await index.windowsOf([a.rowId, b.rowId])).length]).toEqual([["edited"], 0]);
      expect(bytesOf(await index.page("n", 0, 99))).toEqual(bytesOf(written));
      await embed(await conversations.byRowId([a.rowId]));
      expect(await pending()).toEqual([]);
    });

    it("tell with a change which windows went, and have none of them any more", async () => {
      const [a, b, c, d] = await say("c", ["a", "b", "c", "d"]);
      if (!a || !b || !c || !d) throw new Error("nothing was added");
      const written = await embed([a, b, c, d], 2);
      const idsOf = (row: MessageRow) =>
        written.filter(({ vector }) => vector[0] === row.rowId % 256).map(({ id }) => id);
      const first = await changed(conversations, "c", { removed: a });
      const second = await changed(conversations, "c", { keepUpTo: 2 });
      expect(first.removedWindows.toSorted()).toEqual(idsOf(a).toSorted());
      expect(second.removedWindows.toSorted()).toEqual([...idsOf(c), ...idsOf(d)].toSorted());
      expect((await index.page("n", 0, 99)).map(({ id }) => id)).toEqual(idsOf(b));
      await conversations.remove("n", ["c"]);
      expect([await index.page("n", 0, 99), await index.windows(idsOf(b)), await index.hasWindows("n")]).toEqual([
        [],
        [],
        false,
      ]);
    });

    it("take vectors of another model for none: its messages wait again, until they have those of the current", async () => {
      const [a, b] = await say("c", ["a", "b"]);
      if (!a || !b) throw new Error("nothing was added");
      const old = await embed([a, b]);
      for (const other of ["later", "a model before"]) {
        model = other;
        expect([await pending(), await index.countPending("n", 9)]).toEqual([["b", "a"], 2]);
        expect([await index.hasWindows("n"), await index.windowsOf([a.rowId])]).toEqual([false, []]);
        expect([
          await index.page("n", 0, 9),
          await index.byId(
            "n",
            old.map(({ id }) => id),
          ),
        ]).toEqual([[], []]);
      }
      await embed([b]);
      expect([await pending(), (await index.page("n", 0, 9)).length]).toEqual([["a"], 1]);
      model = "m";
      expect([await pending(), (await index.windowsOf([a.rowId, b.rowId])).length]).toEqual([["b"], 1]);
    });

    it("tell the places of messages that are there", async () => {
      const rows = [...(await say("c", ["a", "b"])), ...(await say("d", ["c"]))];
      const places = await index.places([...rows.map(({ rowId }) => rowId), 999_999]);
      expect(places.toSorted((x, y) => x.rowId - y.rowId)).toEqual(
        rows.map(({ rowId, conversationRowId, sequence }) => ({ rowId, conversationRowId, sequence })),
      );
      expect(await index.places([])).toEqual([]);
    });
  });
}
