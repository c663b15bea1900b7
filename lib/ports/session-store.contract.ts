import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { AppError } from "../shared/errors.ts";
import { ENDED_FOR_MS, type SessionOrder, type SessionSelection } from "./session-rows.ts";
import type { SessionStore, SessionView } from "./session-store.ts";

export interface TestedStore {
  store: SessionStore;
  /** The store's time, in milliseconds. */
  nowMs(): number;
  /** Lets time pass, with what is on its way arrived before. */
  advance(byMs: number): Promise<void>;
  /** Removes what has expired. */
  sweep(): Promise<unknown>;
}

/** The timeout of sessions that name none. */
export const IDLE_MS = 60_000;
const NS = "n";
const OWN = "user-1:0123456789012345";
const only = (version: number) => ({ match: [[String(version)]], noneMatch: [] });

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** What every store of sessions must do. `fresh` gives one without sessions. */
export function describeSessionStore(name: string, fresh: () => Promise<TestedStore>): void {
  describe(name, () => {
    let tested: TestedStore;
    let store: SessionStore;
    beforeEach(async () => {
      tested = await fresh();
      ({ store } = tested);
    });
    const read = (id: string, namespace = NS) =>
      store.read(namespace, id, (view, data) => ({ view, text: Buffer.from(data).toString() }));
    const peek = (id: string, namespace = NS) =>
      store.peek(namespace, id, (view, data) => ({ view, text: Buffer.from(data).toString() }));
    const idsOf = (views: readonly SessionView[]) => views.map(({ id }) => id);

    it("gives data back byte for byte, with a version and an end", async () => {
      const text = JSON.stringify({ name: "é 界 😀", list: [1, 2.5, null, true], "": {} }).replace(
        "}",
        ',"__proto__":{"a":1}}',
      );
      const made = await store.create(NS, text, { tags: '["a","é"]' });
      expect(made).toMatchObject({ namespace: NS, version: 1, isOwn: false, bytes: Buffer.byteLength(text) });
      expect(made.id).toMatch(/^[\w-]{43}$/);
      for (let times = 0; times < 2; times++) {
        const { view, text: given } = await read(made.id);
        expect(given).toBe(text);
        expect(view).toEqual(made);
      }
      expect(made).toMatchObject({ idleTimeoutMs: IDLE_MS, endsAtMs: Number.POSITIVE_INFINITY, tags: '["a","é"]' });
      expect(made.expiresAtMs).toBe(made.createdAtMs + IDLE_MS);
      expect(await codeOf(read(made.id, "other"))).toBe("not-found");
      expect(await codeOf(read("A".repeat(43)))).toBe("not-found");
      expect(await codeOf(read("no id"))).toBe("not-found");
    });

    it("extends the timeout by reads and touches, and not by looks and lists", async () => {
      const { id } = await store.create(NS, "1");
      await tested.advance(IDLE_MS - 1_000);
      expect((await read(id)).view.expiresAtMs).toBe(tested.nowMs() + IDLE_MS);
      await tested.advance(IDLE_MS - 1_000);
      expect((await store.touch(NS, id)).version).toBe(1);
      await tested.advance(IDLE_MS - 1_000);
      const seen = await peek(id);
      expect(seen.view.expiresAtMs).toBe(tested.nowMs() + 1_000);
      expect(idsOf((await store.listing.list(NS, null, 10)).views)).toEqual([id]);
      await tested.advance(1_000);
      const gone = [read(id), peek(id), store.touch(NS, id), store.replace(NS, id, "2", null)];
      expect(new Set(await Promise.all(gone.map(codeOf)))).toEqual(new Set(["not-found"]));
    });

    it("keeps a session alive through reads in quick succession, whatever answers them", async () => {
      const { id } = await store.create(NS, "1", { idleTimeoutMs: 10_000 });
      for (let times = 0; times < 12; times++) {
        await tested.advance(4_000);
        expect((await read(id)).view.lastUsedAtMs).toBe(tested.nowMs());
      }
      await tested.advance(10_000);
      expect(await codeOf(read(id))).toBe("not-found");
    });

    it("ends a session at its fixed end, which use does not move", async () => {
      const endsAtMs = tested.nowMs() + 5_000;
      const { id } = await store.create(NS, "1", { endsAtMs });
      const other = await store.create(NS, "2", { endsAtMs });
      expect((await store.touch(NS, other.id, { endsAtMs: Number.POSITIVE_INFINITY })).version).toBe(1);
      await tested.advance(4_999);
      expect((await read(id)).view.expiresAtMs).toBe(endsAtMs);
      await tested.advance(1);
      expect(await codeOf(read(id))).toBe("not-found");
      expect((await read(other.id)).text).toBe("2");
      expect(await codeOf(store.create(NS, "1", { endsAtMs: tested.nowMs() }))).toBe("unprocessable");
      expect(await codeOf(store.touch(NS, other.id, { endsAtMs: tested.nowMs() - 1 }))).toBe("unprocessable");
    });

    it("replaces data under a condition, and keeps terms that are not named", async () => {
      const { id } = await store.create(NS, '"a"', { idleTimeoutMs: 9_000, tags: '["t"]' });
      const second = await store.replace(NS, id, '"bb"', only(1));
      expect(second).toMatchObject({ version: 2, idleTimeoutMs: 9_000, tags: '["t"]', bytes: 4 });
      const lost = [
        store.replace(NS, id, '"c"', only(1)),
        store.replace(NS, id, '"c"', { match: [["1", "3"]], noneMatch: [] }),
        store.replace(NS, id, '"c"', { match: [], noneMatch: ["2"] }),
        store.replace(NS, id, '"c"', { match: [["2"], ["3"]], noneMatch: [] }),
        store.patch(NS, id, { a: 1 }, only(7)),
        store.delete(NS, id, only(3)),
      ];
      expect(new Set(await Promise.all(lost.map(codeOf)))).toEqual(new Set(["version-mismatch"]));
      expect(await read(id)).toMatchObject({ text: '"bb"', view: { version: 2 } });
      const any = { match: [["*"]], noneMatch: ["1"] };
      expect((await store.replace(NS, id, '"c"', any, { tags: "" })).version).toBe(3);
      expect(await read(id)).toMatchObject({ text: '"c"', view: { version: 3, tags: "" } });
    });

    it("lets one of two writers who name the same version win", async () => {
      const { id } = await store.create(NS, "0");
      const codes = await Promise.all(["1", "2"].map((text) => codeOf(store.replace(NS, id, text, only(1)))));
      expect(codes.sort()).toEqual(["done", "version-mismatch"]);
      expect((await read(id)).view.version).toBe(2);
    });

    it("merges every one of 30 patches at once", async () => {
      const { id } = await store.create(NS, '{"keep":1,"drop":2}');
      const patches = Array.from({ length: 30 }, (_, n) => store.patch(NS, id, { [`m${n}`]: n, drop: null }, null));
      await Promise.all(patches);
      const { view, text } = await read(id);
      expect(view.version).toBe(31);
      expect(JSON.parse(text)).toEqual({
        keep: 1,
        ...Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`m${n}`, n])),
      });
    });

    it("counts terms that a patch sets as a version, and those of a touch not", async () => {
      const { id } = await store.create(NS, "1");
      expect(await store.touch(NS, id, { idleTimeoutMs: 5_000 })).toMatchObject({ version: 1, idleTimeoutMs: 5_000 });
      expect(await store.patch(NS, id, undefined, null, { tags: '["x"]' })).toMatchObject({
        version: 2,
        tags: '["x"]',
      });
      expect((await read(id)).view).toMatchObject({ version: 2, idleTimeoutMs: 5_000, tags: '["x"]' });
    });

    it("begins a session under an id of the caller's once, and not again within a day of its end", async () => {
      const made = await store.createOwn(NS, OWN, '"a"');
      expect(made).toMatchObject({ id: OWN, isOwn: true, version: 1 });
      expect(await codeOf(store.createOwn(NS, OWN, '"b"'))).toBe("version-mismatch");
      expect((await store.createOwn("other", OWN, '"c"')).version).toBe(1);
      expect((await read(OWN)).text).toBe('"a"');
      expect(await codeOf(store.createOwn(NS, "short", '"b"'))).toBe("validation-failed");
      // What an own id is kept under is nobody's id.
      const key = createHash("sha256").update(`${NS}\n${OWN}`).digest("base64url");
      const guesses = [read(key), peek(key), store.replace(NS, key, "1", null), store.delete(NS, key, null)];
      expect(new Set(await Promise.all(guesses.map(codeOf)))).toEqual(new Set(["not-found"]));
      await store.delete(NS, OWN, null);
      expect(await codeOf(read(OWN))).toBe("not-found");
      expect((await read(OWN, "other")).text).toBe('"c"');
      expect(await codeOf(store.createOwn(NS, OWN, '"b"'))).toBe("session-ended");
      expect((await store.createOwn(NS, OWN, '"r"', {}, true)).version).toBe(1);
      await tested.advance(IDLE_MS);
      expect(await codeOf(store.createOwn(NS, OWN, '"b"'))).toBe("session-ended");
      await tested.advance(2 * IDLE_MS);
      await tested.sweep();
      expect(await codeOf(store.createOwn(NS, OWN, '"b"'))).toBe("session-ended");
      await tested.advance(ENDED_FOR_MS);
      await tested.sweep();
      expect((await store.createOwn(NS, OWN, '"b"')).version).toBe(1);
    });

    it("knows an own id that looks like one made here from one that is", async () => {
      const { id } = await store.create(NS, "1");
      expect(await codeOf(store.createOwn(NS, id, "2"))).toBe("version-mismatch");
      const own = `${"B".repeat(42)}A`;
      await store.createOwn(NS, own, '"own"');
      expect((await read(own)).text).toBe('"own"');
      expect((await store.replace(NS, own, '"new"', null)).version).toBe(2);
      await store.delete(NS, own, null);
      expect((await read(id)).text).toBe("1");
    });

    it("removes a session once", async () => {
      const { id } = await store.create(NS, "1");
      await store.replace(NS, id, "2", null);
      await store.delete(NS, id, only(2));
      expect(await codeOf(store.delete(NS, id, null))).toBe("not-found");
      expect(await codeOf(read(id))).toBe("not-found");
      expect((await store.listing.list(NS, null, 10)).views).toEqual([]);
    });

    it("lists sessions in pages, the newest first, each once", async () => {
      const made: string[] = [];
      for (let n = 0; n < 7; n++) {
        made.push((await store.create(NS, "1")).id);
        if (n % 3 === 2) await tested.advance(10);
      }
      await store.create("other", "1");
      const seen: string[] = [];
      let after = null;
      do {
        const page = await store.listing.list(NS, after, 2);
        expect(page.views.length).toBeLessThanOrEqual(2);
        seen.push(...idsOf(page.views));
        after = page.next;
        // What is removed or begun meanwhile moves nothing.
        if (seen.length === 4) await store.delete(NS, seen[3] ?? "", null);
      } while (after !== null);
      expect(seen.length).toBe(7);
      expect(new Set(seen)).toEqual(new Set(made));
      const times = new Map(made.map((id, n) => [id, Math.floor(n / 3)]));
      const order = seen.map((id) => times.get(id) ?? -1);
      expect(order).toEqual([...order].sort((a, b) => b - a));
    });

    /** Every page of an order, checked to go on where it ended. */
    const sorted = async (order: SessionOrder, which: SessionSelection = {}) => {
      const views: SessionView[] = [];
      let after = null;
      do {
        const page = await store.listing.listSorted(NS, { ...which, ...order, after, limit: 3 });
        views.push(...page.views);
        after = page.next;
      } while (after !== null);
      return views;
    };

    it("sorts by size, last use and age, both ways, with ties in a fixed order", async () => {
      const ids: string[] = [];
      for (let n = 0; n < 11; n++) {
        ids.push((await store.create(NS, JSON.stringify("x".repeat(n % 4)), n % 2 ? { tags: '["odd"]' } : {})).id);
        await tested.advance(n % 3);
      }
      await tested.advance(5);
      await read(ids[4] ?? "");
      const figures = {
        bytes: (view: SessionView) => view.bytes,
        lastUsedAt: (view: SessionView) => view.lastUsedAtMs,
        createdAt: (view: SessionView) => view.createdAtMs,
      };
      for (const sort of ["bytes", "lastUsedAt", "createdAt"] as const) {
        const up = await sorted({ sort, order: "asc" });
        expect(idsOf(up).toSorted()).toEqual(ids.toSorted());
        expect(up.map(figures[sort])).toEqual(up.map(figures[sort]).toSorted((a, b) => a - b));
        expect(idsOf(await sorted({ sort, order: "desc" }))).toEqual(idsOf(up).reverse());
        const tagged = await sorted({ sort, order: "asc" }, { tag: "odd" });
        expect(idsOf(tagged)).toEqual(idsOf(up.filter(({ tags }) => tags !== "")));
      }
    });

    it("finds, counts and ends sessions by tag and by prefix", async () => {
      const own = (n: number, more: string) => `user-${n}:${more}`.padEnd(24, "x");
      await store.createOwn(NS, own(1, "a"), "11", { tags: '["red","é"]' });
      await store.createOwn(NS, own(1, "b"), "1111", { tags: '["blue"]' });
      await store.createOwn(NS, own(2, "a"), "111", { tags: '["red"]' });
      const { id } = await store.create(NS, "1", { tags: '["red"]' });
      await store.create("other", "1", { tags: '["red"]' });
      const { listing } = store;
      const listed = async (which: SessionSelection) =>
        idsOf((await listing.list(NS, null, 10, which)).views).toSorted();
      expect(await listed({ tag: "red" })).toEqual([own(1, "a"), own(2, "a"), id].toSorted());
      expect(await listed({ tag: "é" })).toEqual([own(1, "a")]);
      expect(await listed({ prefix: "user-1:" })).toEqual([own(1, "a"), own(1, "b")]);
      expect(await listed({ prefix: "user-", tag: "red" })).toEqual([own(1, "a"), own(2, "a")]);
      expect(await listed({ prefix: id.slice(0, 20) })).toEqual([id]);
      expect(await listed({ prefix: "user_" })).toEqual([]);
      expect(idsOf(await sorted({ sort: "bytes", order: "desc" }, { prefix: "user-" }))).toEqual([
        own(1, "b"),
        own(2, "a"),
        own(1, "a"),
      ]);
      expect(await listing.tally(NS, {})).toEqual({ count: 4, bytes: 10 });
      expect(await listing.tally(NS, { tag: "red" })).toEqual({ count: 3, bytes: 6 });
      expect(await listing.tally(NS, { prefix: "user-1:" })).toEqual({ count: 2, bytes: 6 });
      await store.touch(NS, id, {});
      await store.patch(NS, id, undefined, null, { tags: '["green"]' });
      expect(await listed({ tag: "green" })).toEqual([id]);
      expect(await store.deleteAll(NS, { tag: "red" })).toBe(2);
      expect(await listed({})).toEqual([own(1, "b"), id].toSorted());
      expect(await store.deleteAll(NS, { prefix: "user-1:" })).toBe(1);
      expect(await store.deleteAll(NS, {})).toBe(1);
      expect(await listing.tally(NS, {})).toEqual({ count: 0, bytes: 0 });
      expect(await codeOf(store.createOwn(NS, own(1, "a"), "1"))).toBe("session-ended");
      expect(await listing.tally("other", {})).toEqual({ count: 1, bytes: 1 });
    });

    it("neither lists nor counts what has expired, swept or not", async () => {
      await store.create(NS, "1", { idleTimeoutMs: 1_000, tags: '["t"]' });
      const kept = await store.create(NS, "22", { tags: '["t"]' });
      await tested.advance(1_000);
      for (let swept = 0; swept < 2; swept++) {
        expect(idsOf((await store.listing.list(NS, null, 10)).views)).toEqual([kept.id]);
        expect(idsOf((await store.listing.list(NS, null, 10, { tag: "t" })).views)).toEqual([kept.id]);
        expect(idsOf(await sorted({ sort: "bytes", order: "asc" }))).toEqual([kept.id]);
        expect(await store.listing.tally(NS, {})).toEqual({ count: 1, bytes: 2 });
        expect(await store.listing.tally(NS, { tag: "t" })).toEqual({ count: 1, bytes: 2 });
        await tested.advance(10_000);
        await tested.sweep();
      }
    });

    it("goes on with an imported session, and takes the same import again", async () => {
      const nowMs = tested.nowMs();
      const past = { createdAtMs: nowMs - 50_000, lastUsedAtMs: nowMs - 10_000, version: 7 };
      const id = `${"C".repeat(42)}A`;
      const made = await store.put(id, NS, '"a"', {}, past);
      expect(made).toMatchObject({
        id,
        version: 7,
        createdAtMs: nowMs - 50_000,
        expiresAtMs: nowMs - 10_000 + IDLE_MS,
      });
      expect((await store.put(id, NS, '"a"', {}, past)).version).toBe(8);
      const ahead = { createdAtMs: nowMs + 9_000, lastUsedAtMs: nowMs + 9_000, version: 1 };
      expect((await store.putOwn(OWN, NS, '"b"', {}, ahead)).expiresAtMs).toBe(nowMs + IDLE_MS);
      await store.delete(NS, OWN, null);
      expect((await store.putOwn(OWN, NS, '"c"', {}, past)).version).toBe(7);
      const over = { createdAtMs: 0, lastUsedAtMs: nowMs - IDLE_MS, version: 3 };
      expect(await codeOf(store.put(`${"D".repeat(42)}A`, NS, '"a"', {}, over))).toBe("validation-failed");
      await store.committed();
      expect((await store.listing.tally(NS, {})).count).toBe(2);
    });

    it("exports each session once, with its data and the version of these", async () => {
      const made = [await store.create(NS, '"a"'), await store.createOwn(NS, OWN, '"b"')];
      await store.replace(NS, OWN, '"c"', null);
      const seen: [string, number, string][] = [];
      for await (const { view, text } of store.listing.peekAll(NS)) seen.push([view.id, view.version, text]);
      const wanted = [
        [made[0]?.id, 1, '"a"'],
        [OWN, 2, '"c"'],
      ];
      expect(seen.toSorted()).toEqual(wanted.toSorted());
    });

    it("refuses data over 1 MiB, and changes nothing", async () => {
      const { id } = await store.create(NS, "1");
      const large = JSON.stringify("x".repeat(MIB));
      const refused = [store.create(NS, large), store.replace(NS, id, large, null)];
      expect(await Promise.all(refused.map(codeOf))).toEqual(["item-too-large", "item-too-large"]);
      expect((await read(id)).text).toBe("1");
      const largest = JSON.stringify("x".repeat(MIB - 2));
      expect((await store.replace(NS, id, largest, null)).bytes).toBe(MIB);
      expect((await read(id)).text).toBe(largest);
    });
  });
}
