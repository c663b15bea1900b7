import fc from "fast-check";
import { expect, it } from "vitest";
import type { Yielder } from "../../ports/bounded-store.ts";
import { KIB } from "../../shared/bytes.ts";
import { AppError } from "../../shared/errors.ts";
import type { Json } from "../../shared/json-value.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { mergePatch } from "./merge-patch.ts";
import { SessionPool } from "./session-pool.ts";
import { QUEUE_BYTES } from "./write-queue.ts";

const MAX_ITEMS = 6;
const CEILING = 512 * KIB;
const TTL = 1_000;
const yielder: Yielder = { spent: true, yield: () => Promise.resolve() };

interface Expected {
  id: string;
  namespace: string;
  text: string;
  version: number;
  idleTimeoutMs: number;
  /** On the monotonic clock. */
  endsAtMs: number;
  lastUsedAtMs: number;
  tags: string;
}

/** Of some, more than the queue takes for a change anyway; and none. */
const tags = fc.constantFrom("", '["a"]', '["b","é"]', JSON.stringify([`${"t".repeat(120)}`, "ü".repeat(60)]));
const data = fc.oneof(
  fc.record({ name: fc.string({ unit: "grapheme" }), n: fc.integer() }),
  fc.constantFrom<Json>(
    { pad: "x".repeat(3_000) },
    { pad: "é".repeat(20_000) },
    { pad: "界".repeat(18_000) },
    "😀",
    null,
  ),
  fc.integer({ min: 0, max: 50_000 }).map((length) => ({ random: noise(length) })),
);

/** Letters that do not compress. */
function noise(length: number): string {
  let state = length + 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

const at = fc.nat(30);
const namespace = fc.constantFrom("a", "b");
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("create" as const),
      namespace,
      data,
      tags,
      ttl: fc.integer({ min: 1, max: TTL }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("createOwn" as const), namespace, name: fc.nat(7), data }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("get" as const), at, namespace }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("replace" as const), at, data, stale: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("patch" as const), at, data }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("touch" as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("terms" as const),
      by: fc.constantFrom("touch" as const, "replace" as const, "patch" as const, "terms alone" as const),
      at,
      data,
      tags: fc.option(tags, { nil: undefined }),
      idleTimeoutMs: fc.option(fc.integer({ min: 1, max: TTL }), { nil: undefined }),
      endsInMs: fc.option(fc.oneof(fc.integer({ min: 1, max: 2 * TTL }), fc.constant(Number.POSITIVE_INFINITY)), {
        nil: undefined,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: TTL / 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("jumpWall" as const),
      ms: fc.integer({ min: -5_000_000, max: 5_000_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("sweep" as const, "pack" as const, "restart" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("relieve" as const), step: fc.nat(3), bytes: fc.nat(100_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("resize" as const), maxItems: fc.integer({ min: 1, max: MAX_ITEMS }) }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

const only = (version: number) => ({ match: [[String(version)]], noneMatch: [] });

/** The pool beside a map that keeps everything, on one clock. */
class Bench {
  readonly clock = new FakeClock();
  readonly rows = new MapRows();
  /** By namespace and id. */
  readonly model = new Map<string, Expected>();
  readonly names: string[] = [];
  /** Deleted sessions whose ids were their callers'. */
  readonly ended = new Set<string>();
  readonly account = new TestAccount(CEILING, "sessions");
  maxItems = MAX_ITEMS;
  pool = this.open();

  open(): SessionPool {
    return new SessionPool({
      rows: this.rows,
      account: this.account,
      clock: this.clock,
      maxItems: this.maxItems,
      idleTimeoutMs: TTL,
      durability: "everysec",
      packing: true,
      hotTier: true,
      onFailure: (error) => expect.unreachable(String(error)),
    });
  }

  /** One of those that were ever begun. */
  name(index: number): { namespace: string; id: string } {
    const name = this.names[index % Math.max(1, this.names.length)] ?? `a ${"A".repeat(43)}`;
    return { namespace: name.slice(0, 1), id: name.slice(2) };
  }

  live(namespace: string, id: string): Expected | undefined {
    const session = this.model.get(`${namespace} ${id}`);
    if (!session) return undefined;
    const expiresAtMs = Math.min(session.lastUsedAtMs + session.idleTimeoutMs, session.endsAtMs);
    return expiresAtMs > this.clock.monotonicMs() ? session : undefined;
  }

  begun(namespace: string, id: string, data: Json, idleTimeoutMs: number, tags = ""): void {
    const text = JSON.stringify(data);
    const lastUsedAtMs = this.clock.monotonicMs();
    this.names.push(`${namespace} ${id}`);
    this.model.set(`${namespace} ${id}`, {
      id,
      namespace,
      text,
      version: 1,
      idleTimeoutMs,
      endsAtMs: Number.POSITIVE_INFINITY,
      lastUsedAtMs,
      tags,
    });
  }

  async createOwn({ namespace, name, data }: Extract<Operation, { kind: "createOwn" }>): Promise<void> {
    // One has the form of an id that is made here.
    const id = name === 0 ? "B".repeat(42).concat("A") : `an id of the caller's, ${"é".repeat(name)}`;
    const key = `${namespace} ${id}`;
    const was = this.live(namespace, id) ? "version-mismatch" : this.model.has(key) || this.ended.has(key);
    const code = await this.pool
      .createOwn(namespace, id, JSON.stringify(data))
      .then(() => "ok")
      .catch((error: unknown) => (error instanceof AppError ? error.code : String(error)));
    expect(code, key).toBe(was === true ? "session-ended" : was === false ? "ok" : was);
    if (code === "ok") this.begun(namespace, id, data, TTL);
  }

  /** What the pool should answer: the model's session when it has one, `not-found` when not. */
  async expectAnswer(id: string, session: Expected | undefined, call: Promise<unknown>): Promise<void> {
    const code = await call
      .then(() => "ok")
      .catch((error: unknown) => (error instanceof AppError ? error.code : String(error)));
    expect(code, id).toBe(session ? "ok" : "not-found");
    if (session) session.lastUsedAtMs = this.clock.monotonicMs();
  }

  async run(op: Operation): Promise<void> {
    if (op.kind === "create") {
      const terms = { idleTimeoutMs: op.ttl, tags: op.tags };
      const { id } = await this.pool.create(op.namespace, JSON.stringify(op.data), terms);
      this.begun(op.namespace, id, op.data, op.ttl, op.tags);
    } else if (op.kind === "createOwn") await this.createOwn(op);
    else if (op.kind === "get") {
      const { id } = this.name(op.at);
      const session = this.live(op.namespace, id);
      const answer = this.pool.get(op.namespace, id);
      await this.expectAnswer(id, session, answer);
      if (session)
        expect(await answer).toMatchObject({
          text: session.text,
          view: { version: session.version, tags: session.tags },
        });
    } else if (op.kind === "replace" || op.kind === "patch") await this.write(op);
    else if (op.kind === "terms") await this.setTerms(op);
    else if (op.kind === "touch" || op.kind === "delete") {
      const { namespace, id } = this.name(op.at);
      const session = this.live(namespace, id);
      await this.expectAnswer(
        id,
        session,
        op.kind === "touch" ? this.pool.touch(namespace, id) : this.pool.delete(namespace, id, null),
      );
      // One that had expired stays in the model: its row is still there, and a restart sets its time with the others'.
      if (op.kind === "delete" && session) {
        this.model.delete(`${namespace} ${id}`);
        this.ended.add(`${namespace} ${id}`);
      }
    } else if (op.kind === "advance") {
      this.clock.advance(op.ms);
      await new Promise(setImmediate);
    } else if (op.kind === "jumpWall") this.clock.jumpWall(op.ms);
    else if (op.kind === "sweep") await this.pool.sweep(yielder);
    else if (op.kind === "pack") await this.pool.memory.packIdle(4, 0);
    else if (op.kind === "relieve") await this.pool.relief[op.step]?.run(op.bytes, yielder);
    else if (op.kind === "resize") {
      this.maxItems = op.maxItems;
      this.pool.resize({ maxItems: op.maxItems });
    } else await this.restart();
  }

  async write(op: Extract<Operation, { kind: "replace" | "patch" }>): Promise<void> {
    const { namespace, id } = this.name(op.at);
    const session = this.live(namespace, id);
    if (op.kind === "replace" && op.stale && session) {
      const stale = this.pool.replace(namespace, id, "0", only(session.version + 1));
      await expect(stale).rejects.toMatchObject({ code: "version-mismatch" });
      // Looking it up brought it back; a refused write leaves its time as it was.
      return;
    }
    const next = session && op.kind === "patch" ? mergePatch(JSON.parse(session.text), op.data) : op.data;
    await this.expectAnswer(
      id,
      session,
      op.kind === "patch"
        ? this.pool.patch(namespace, id, op.data, null)
        : this.pool.replace(namespace, id, JSON.stringify(op.data), session ? only(session.version) : null),
    );
    if (session) {
      session.text = JSON.stringify(next);
      session.version += 1;
    }
  }

  async setTerms(op: Extract<Operation, { kind: "terms" }>): Promise<void> {
    const { namespace, id } = this.name(op.at);
    const session = this.live(namespace, id);
    const { idleTimeoutMs, endsInMs } = op;
    const endsAtMs = endsInMs === undefined ? undefined : this.pool.memory.nowMs() + endsInMs;
    const terms = { idleTimeoutMs, endsAtMs, tags: op.tags };
    const text = JSON.stringify(op.data);
    const calls = {
      touch: () => this.pool.touch(namespace, id, terms),
      replace: () => this.pool.replace(namespace, id, text, null, terms),
      patch: () => this.pool.patch(namespace, id, op.data, null, terms),
      "terms alone": () => this.pool.patch(namespace, id, undefined, null, terms),
    };
    await this.expectAnswer(id, session, calls[op.by]());
    if (!session) return;
    if (op.by === "replace") session.text = text;
    if (op.by === "patch") session.text = JSON.stringify(mergePatch(JSON.parse(session.text), op.data));
    if (op.by !== "touch") session.version += 1;
    session.idleTimeoutMs = idleTimeoutMs ?? session.idleTimeoutMs;
    session.tags = op.tags ?? session.tags;
    if (endsInMs !== undefined) session.endsAtMs = this.clock.monotonicMs() + endsInMs;
  }

  /** A clean restart on a clock that was right all the time. */
  async restart(): Promise<void> {
    await this.pool.upkeep.close();
    await this.pool.relief.find((step) => step.kind === "spill")?.run(Number.POSITIVE_INFINITY, yielder);
    await this.pool.upkeep.close();
    this.account.release(this.account.grantedBytes);
    const now = this.clock.nowMs();
    for (const row of this.rows.rows.values()) {
      const expected = this.model.get(`${row.namespace} ${row.ownId ?? row.id}`);
      if (!expected) continue;
      row.lastUsedAtMs = now - (this.clock.monotonicMs() - expected.lastUsedAtMs);
      row.endsAtMs = now - (this.clock.monotonicMs() - expected.endsAtMs);
    }
    for (const key of this.rows.ends.keys()) this.rows.ends.set(key, now);
    this.pool = this.open();
  }

  expectBounds(): void {
    const { items, bytes } = this.pool.stats();
    expect(items).toBeLessThanOrEqual(this.maxItems);
    expect(bytes).toBeLessThanOrEqual(CEILING);
    expect(this.pool.queuedBytes).toBeLessThanOrEqual(QUEUE_BYTES);
    // Nothing is held that was not asked for, and nothing was asked for that is not held.
    expect(this.pool.memory.heldBytes + this.pool.queuedBytes).toBe(this.account.grantedBytes);
  }
}

it("answers as a map that forgets nothing before its time, and keeps its bounds after each operation", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 80 }), async (operations) => {
      const bench = new Bench();
      for (const op of operations) {
        await bench.run(op);
        bench.expectBounds();
      }
    }),
    { numRuns: 150, endOnFailure: true },
  );
});
