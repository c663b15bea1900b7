import { beforeEach, describe, expect, it } from "vitest";
import type { LeakReport } from "../contracts/memory.ts";
import type { ProcessStanding, ServiceStanding, StandingRows, VerdictRow, VerdictRows } from "./leak-rows.ts";

const BOUND = 30;
const report: LeakReport = {
  state: "confirmed",
  before: null,
  suspects: [
    {
      series: "heap",
      slopeBytesPerHour: 1.5e6,
      slopeLow: -1,
      slopeHigh: 2.25,
      confidence: 0.75,
      firstSeenAt: "2026-01-01T00:00:00.000Z",
      evidence: { samples: 7, method: "theil-sen", unexplainedBytes: 9 },
      attribution: [{ site: "é.js:1", constructorName: null, liveBytes: 3, growthBytes: 2 }],
    },
  ],
};
const verdictOf = (more: Partial<VerdictRow> = {}): VerdictRow => ({
  namespace: "n",
  source: "",
  atMs: 5,
  report: { state: "clear", suspects: [] },
  ...more,
});

/** What every driver of VerdictRows must do. `fresh` makes empty rows of a bound; `reopen` opens the same storage again. */
export function describeVerdictRows(
  name: string,
  fresh: (maxVerdicts: number) => Promise<{ rows: VerdictRows; reopen: () => Promise<VerdictRows> }>,
): void {
  describe(name, () => {
    let rows: VerdictRows;
    let reopen: () => Promise<VerdictRows>;
    const add = (source: string, namespace = "n") => rows.insert(verdictOf({ source, namespace }));
    const sources = async (limit = 100, namespace = "n") =>
      (await rows.list(namespace, limit, null)).map(({ source }) => source);
    beforeEach(async () => {
      ({ rows, reopen } = await fresh(BOUND));
    });

    it("give a namespace's verdicts back whole, the last inserted first, whatever their times say", async () => {
      await rows.insert(verdictOf({ atMs: 9 }));
      await rows.insert(verdictOf({ source: "api", report }));
      await add("foreign", "m");
      rows = await reopen();
      const [newest, oldest, ...rest] = await rows.list("n", 10, null);
      expect([newest, oldest, rest]).toEqual([
        { ...verdictOf({ source: "api", report }), id: newest?.id },
        { ...verdictOf({ atMs: 9 }), id: oldest?.id },
        [],
      ]);
      expect(newest?.id).toBeGreaterThan(oldest?.id ?? 0);
      expect([await sources(10, "m"), await sources(10, "unknown")]).toEqual([["foreign"], []]);
    });

    it("are walked page by page, each once, while others are inserted", async () => {
      for (let at = 0; at < 10; at++) await add(`s${at}`);
      const seen: string[] = [];
      for (let before: number | null = null; ; ) {
        const page: Awaited<ReturnType<VerdictRows["list"]>> = await rows.list("n", 4, before);
        seen.push(...page.map(({ source }) => source));
        before = page.at(-1)?.id ?? null;
        if (page.length < 4) break;
        await add("late");
        await add("foreign", "m");
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_, back) => `s${9 - back}`));
    });

    it("hold their bound after each insert: the namespace with most of them loses its oldest", async () => {
      await add("rare", "m");
      for (let at = 0; at < BOUND + 20; at++) {
        await add(`s${at}`);
        const kept = [...(await sources()), ...(await sources(100, "m"))];
        expect(kept.length).toBe(Math.min(BOUND, at + 2));
        expect([kept[0], kept.at(-1)]).toEqual([`s${at}`, "rare"]);
      }
      await Promise.all(Array.from({ length: 20 }, (_, at) => add(`at once ${at}`)));
      expect([(await sources()).length, await sources(100, "m")]).toEqual([BOUND - 1, ["rare"]]);
    });
  });
}

const processOf = (more: Partial<ProcessStanding> = {}): ProcessStanding => ({
  bootId: null,
  verdict: null,
  firstSeenMs: 1,
  lastSeenMs: 2,
  sampleMs: null,
  rssBytes: 0,
  heapUsedBytes: 0,
  ...more,
});
const standingOf = (source: string, namespace = "n", processes = [processOf()]): ServiceStanding => ({
  namespace,
  source,
  processes,
});

/** What every driver of StandingRows must do. `fresh` makes empty storage, and opens it for any node as often as asked. */
export function describeStandingRows(
  name: string,
  fresh: () => Promise<(nodeId: string) => StandingRows | Promise<StandingRows>>,
): void {
  describe(name, () => {
    it("are those of the last replacement, whole, through a restart; none where it had none", async () => {
      const open = await fresh();
      const rows = await open("node");
      expect(await rows.list()).toEqual([]);
      await rows.replace([standingOf("gone"), standingOf("api")]);
      const confirmed = { state: "confirmed", at: "2026-01-01T00:00:00.000Z" } as const;
      const processes = [
        processOf({ bootId: "é", verdict: confirmed, sampleMs: 5_000 }),
        processOf({ rssBytes: 2 ** 40 }),
      ];
      const now = [standingOf("", "default"), standingOf("api", "n", processes), standingOf("api", "m", [])];
      await rows.replace(now);
      const found = await (await open("node")).list();
      expect(found.length).toBe(now.length);
      expect(found).toEqual(expect.arrayContaining(now));
      await rows.replace([]);
      expect(await (await open("node")).list()).toEqual([]);
    });

    it("are a node's own: what another replaces stays apart", async () => {
      const open = await fresh();
      const [one, other] = [await open("one"), await open("other")];
      await Promise.all([one.replace([standingOf("api")]), other.replace([standingOf("api"), standingOf("web")])]);
      await one.replace([]);
      expect([await one.list(), (await other.list()).map(({ source }) => source).toSorted()]).toEqual([
        [],
        ["api", "web"],
      ]);
    });
  });
}
