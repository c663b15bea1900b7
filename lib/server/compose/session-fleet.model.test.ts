import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisConnection } from "../../backends/redis/redis-connection.ts";
import type { Yielder } from "../../ports/bounded-store.ts";
import { ENDED_FOR_MS } from "../../ports/session-rows.ts";
import { IDLE_MS } from "../../ports/session-store.contract.ts";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { openFleet, TIME_KEY } from "./session-fleet.fixture.ts";

const NS = "n";
const MAX_ITEMS = 3;
const BARRIER = "test:barrier";
const yielder: Yielder = { spent: false, yield: () => Promise.resolve() };

interface Expected {
  text: string;
  version: number;
  idleTimeoutMs: number;
  lastUsedAtMs: number;
  tags: string;
}

const text = fc.constantFrom(
  '"a"',
  '{"b":1}',
  JSON.stringify("é".repeat(300)),
  JSON.stringify({ c: "x".repeat(2_000) }),
);
const tags = fc.constantFrom("", '["red"]', '["red","blue"]');
const timeout = fc.constantFrom(1_000, 5_000, IDLE_MS);
const node = fc.nat(1);
const at = fc.nat(7);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("begin" as const), node, at, text, tags, timeout }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("read" as const), node, at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("replace" as const), node, at, text, stale: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("retag" as const), node, at, tags }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("touch" as const, "delete" as const), node, at }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(1, 400, 3_000, 9_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const), node }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

const idOf = (index: number): string => `own-${index}`.padEnd(24, "x");

describe.runIf(hasRedis)("two nodes that share sessions, beside a map", () => {
  let server: RedisServer;
  let connections: RedisConnection[];
  const heard = [0, 0];
  let barriers = 0;
  beforeAll(async () => {
    server = await RedisServer.start();
    const open = () => RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 120_000 });
    connections = await Promise.all([open(), open()]);
    for (const [index, { news }] of connections.entries())
      news.on(BARRIER, (message) => {
        heard[index] = Number(message);
      });
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await server.stop();
  });

  /** Resolves when both nodes have heard all that was published before. */
  async function settled(): Promise<void> {
    const number = ++barriers;
    await expect
      .poll(
        async () => {
          // A subscription may be on its way: told until it is heard.
          if (heard.some((last) => last < number)) await connections[0]?.call("PUBLISH", BARRIER, number);
          return heard;
        },
        { interval: 1 },
      )
      .toEqual([number, number]);
  }

  async function run(operations: readonly Operation[]): Promise<void> {
    const [first, second] = connections as [RedisConnection, RedisConnection];
    const { clock, node, advance } = await openFleet(first);
    const nodes = [node(first, MAX_ITEMS), node(second, MAX_ITEMS)] as const;
    const model = new Map<string, Expected>();
    const over = new Map<string, number>();
    const storeOf = (index: number) => (nodes[index] ?? nodes[0]).store;
    const live = (id: string) => model.get(id);
    const use = (session: Expected) => {
      session.lastUsedAtMs = clock.nowMs();
    };
    const attempt = (work: Promise<unknown>) =>
      work.then(
        () => "done",
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      );

    const apply = async (step: Operation): Promise<void> => {
      if (step.kind === "advance") {
        for (const { store } of nodes) await store.tellUses();
        await advance(step.ms);
        for (const [id, { lastUsedAtMs, idleTimeoutMs }] of model)
          if (lastUsedAtMs + idleTimeoutMs <= clock.nowMs()) {
            model.delete(id);
            over.set(id, lastUsedAtMs + idleTimeoutMs);
          }
        return;
      }
      const store = storeOf(step.node);
      if (step.kind === "sweep") return void (await store.sweep(yielder));
      const id = idOf(step.at);
      const session = live(id);
      const outcome = session === undefined ? "not-found" : "done";
      if (step.kind === "begin") {
        const { tags, timeout } = step;
        const done = await attempt(store.createOwn(NS, id, step.text, { tags, idleTimeoutMs: timeout }));
        const hasEnded = (over.get(id) ?? Number.NEGATIVE_INFINITY) + ENDED_FOR_MS > clock.nowMs();
        expect(done).toBe(session ? "version-mismatch" : hasEnded ? "session-ended" : "done");
        if (done === "done")
          model.set(id, { text: step.text, version: 1, idleTimeoutMs: timeout, lastUsedAtMs: clock.nowMs(), tags });
      } else if (step.kind === "read") {
        const seen = await store
          .read(NS, id, (view, data) => ({ view, text: Buffer.from(data).toString() }))
          .catch(() => null);
        if (session) use(session);
        expect(seen && { ...seen.view, text: seen.text }).toEqual(session ? expect.objectContaining(session) : null);
      } else if (step.kind === "replace") {
        const version = (session?.version ?? 1) + (step.stale ? 1 : 0);
        const condition = { match: [[String(version)]], noneMatch: [] };
        const done = await attempt(store.replace(NS, id, step.text, condition));
        expect(done).toBe(session && step.stale ? "version-mismatch" : outcome);
        if (session && done === "done") {
          use(session);
          session.text = step.text;
          session.version++;
        }
      } else if (step.kind === "retag") {
        expect(await attempt(store.patch(NS, id, undefined, null, { tags: step.tags }))).toBe(outcome);
        if (!session) return;
        use(session);
        session.version++;
        session.tags = step.tags;
      } else if (step.kind === "touch") {
        expect(await attempt(store.touch(NS, id))).toBe(outcome);
        if (session) use(session);
      } else {
        expect(await attempt(store.delete(NS, id, null))).toBe(outcome);
        if (model.delete(id)) over.set(id, clock.nowMs());
      }
    };

    for (const step of operations) {
      await apply(step);
      await settled();
      for (const { store, account } of nodes) {
        expect(store.stats().items).toBeLessThanOrEqual(MAX_ITEMS);
        expect(account.grantedBytes).toBeLessThanOrEqual(account.ceilingBytes);
      }
    }
    // Uses are told by each node within a quarter of a second.
    for (const { store } of nodes) await store.tellUses();
    const all = [...model.values()];
    const tagged = all.filter(({ tags }) => tags.includes("red"));
    const bytes = (sessions: Expected[]) => sessions.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    for (const { store } of nodes) {
      const { listing } = store;
      expect(await listing.tally(NS, {})).toEqual({ count: all.length, bytes: bytes(all) });
      expect(await listing.tally(NS, { tag: "red" })).toEqual({ count: tagged.length, bytes: bytes(tagged) });
      const { views } = await listing.listSorted(NS, { sort: "lastUsedAt", order: "asc", after: null, limit: 50 });
      expect(views.map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual(
        all.map(({ lastUsedAtMs }) => lastUsedAtMs).sort((a, b) => a - b),
      );
    }
    expect(await nodes[0].store.deleteAll(NS, {})).toBe(all.length);
    await advance(2 * ENDED_FOR_MS);
    await nodes[1].store.sweep(yielder);
    const keys = ((await first.call("KEYS", "*")) as Buffer[]).map(String).filter((key) => !key.startsWith(TIME_KEY));
    // Nothing was ever kept, or all of it has been given back.
    expect(keys.filter((key) => key !== "headroom:kept")).toEqual([]);
    expect(Number(await first.call("HGET", "headroom:kept", "sessions"))).toBe(0);
  }

  it("agree with it after every step, and leave nothing behind", async () => {
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 60, size: "max" }), run), { numRuns: 50 });
  });
});
