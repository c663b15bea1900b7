import { beforeEach, describe, expect, it } from "vitest";
import { ANSWERS_UNCOUNTED, type AnswerBounds, type AnswerRows, type KeptAnswer } from "./answer-rows.ts";

const ROOMY: AnswerBounds = { answers: 1_000_000, bytes: 1e9 };
const answerOf = (bytes = 10, more: Partial<KeptAnswer> = {}): KeptAnswer => ({
  fingerprint: "f",
  status: 201,
  headers: { Location: "/x" },
  body: new Uint8Array(bytes).fill(7),
  ...more,
});
const namesOf = (count: number, prefix = "n") => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** What every driver of AnswerRows must do. `fresh` makes empty rows of bounds; `reopen` opens the same storage again. */
export function describeAnswerRows(
  name: string,
  fresh: (bounds: AnswerBounds) => Promise<{ rows: AnswerRows; reopen: (bounds: AnswerBounds) => Promise<AnswerRows> }>,
): void {
  describe(name, () => {
    let rows: AnswerRows;
    let reopen: (bounds: AnswerBounds) => Promise<AnswerRows>;
    const open = async (bounds: AnswerBounds) => {
      ({ rows, reopen } = await fresh(bounds));
    };
    /** Those of these ids that are kept, in their order. */
    const kept = async (ids: readonly string[]) => {
      const found = await Promise.all(ids.map((id) => rows.find(id, 0)));
      return ids.filter((_, at) => found[at] !== null);
    };
    beforeEach(() => open(ROOMY));

    it("give answers back byte by byte, with a body, an empty one or none, through a restart", async () => {
      const answers = [
        answerOf(0, { body: Uint8Array.from({ length: 256 }, (_, at) => at), headers: { b: 'é "1"', a: "2", "": "" } }),
        answerOf(0, { status: 204, headers: {} }),
        answerOf(0, { body: null, fingerprint: "" }),
      ];
      for (const [at, answer] of answers.entries()) await rows.keep(`id ${at}`, "n", 1_000, answer);
      const again = await reopen(ROOMY);
      for (const [at, answer] of answers.entries()) {
        const found = await again.find(`id ${at}`, 999);
        expect(found).toEqual(answer);
        expect(Object.keys(found?.headers ?? {})).toEqual(Object.keys(answer.headers));
      }
      expect(await again.find("unknown", 0)).toBeNull();
    });

    it("are found while they are newer than asked for, and the last one kept under an id replaces the one before", async () => {
      await rows.keep("a", "n", 1_000, answerOf());
      expect([(await rows.find("a", 999))?.status, await rows.find("a", 1_000)]).toEqual([201, null]);
      await rows.keep("a", "n", 2_000, answerOf(3, { status: 200 }));
      expect(await rows.find("a", 1_999)).toEqual(answerOf(3, { status: 200 }));
      expect(await rows.find("a", 2_000)).toBeNull();
    });

    it("are forgotten up to a moment, of all namespaces, as often as that is asked", async () => {
      await rows.keep("a", "n", 1_000, answerOf());
      await rows.keep("b", "m", 1_001, answerOf());
      await rows.keep("c", "m", 1_002, answerOf());
      await rows.forget(1_001);
      await rows.forget(1_001);
      rows = await reopen(ROOMY);
      expect(await kept(["a", "b", "c"])).toEqual(["c"]);
    });

    it("are bounded in number for each namespace: the oldest go, and another namespace loses none", async () => {
      await open({ answers: 20, bytes: 1e9 });
      await rows.keep("other", "quiet", 1, answerOf());
      const names = namesOf(300);
      for (const [at, id] of names.entries()) {
        await rows.keep(id, "busy", 10 + at, answerOf());
        if (at % 50 !== 49) continue;
        const ids = await kept(names);
        expect(ids.length).toBeLessThanOrEqual(20 + ANSWERS_UNCOUNTED.answers);
        expect(ids).toEqual(names.slice(at + 1 - ids.length, at + 1));
      }
      expect(await kept(["other"])).toEqual(["other"]);
    });

    it("are bounded in bytes for each namespace: the oldest go", async () => {
      const bytes = 2_000_000;
      await open({ answers: 1_000_000, bytes });
      const names = namesOf(100);
      for (const [at, id] of names.entries()) await rows.keep(id, "busy", at + 1, answerOf(64_000));
      const ids = await kept(names);
      expect(ids.length * 64_000).toBeLessThanOrEqual(bytes + ANSWERS_UNCOUNTED.bytes + 65_000);
      expect(ids).toEqual(names.slice(100 - ids.length));
    });

    it("are bounded for a namespace that grows beside a busier one, whoever passes the count", async () => {
      await open({ answers: 20, bytes: 1e9 });
      const names = namesOf(600);
      for (const [at, id] of names.entries()) await rows.keep(id, at % 3 === 0 ? "slow" : "busy", at + 1, answerOf());
      const slow = names.filter((_, at) => at % 3 === 0);
      expect((await kept(slow)).length).toBeLessThanOrEqual(20 + 34);
    });

    it("of an earlier process count against the bounds", async () => {
      const [old, now] = [namesOf(150, "old"), namesOf(100, "new")];
      await Promise.all(old.map((id, at) => rows.keep(id, "busy", at + 1, answerOf())));
      rows = await reopen({ answers: 20, bytes: 1e9 });
      for (const [at, id] of now.entries()) await rows.keep(id, "busy", 1_000 + at, answerOf());
      expect(await kept([...old, ...now])).toEqual(now.slice(80));
    });
  });
}
