import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { newSessionId } from "./id-index.ts";
import { SessionPool } from "./session-pool.ts";
import { UNPAID_USES } from "./write-queue.ts";

const NS = "a";

/** As the ledger grants: what all stores together may take can end long before this one's own ceiling. */
class SharedAccount extends TestAccount {
  capBytes = 64 * MIB;

  override tryReserve(bytes: number): boolean {
    return this.grantedBytes + bytes <= this.capBytes && super.tryReserve(bytes);
  }
}

function setUp({ rows = new MapRows(), maxItems = 500 } = {}) {
  const account = new SharedAccount(64 * MIB, "sessions");
  const clock = new FakeClock();
  const failures: unknown[] = [];
  const pool = new SessionPool({
    rows,
    account,
    clock,
    maxItems,
    idleTimeoutMs: 1_000_000,
    durability: "everysec",
    packing: true,
    hotTier: true,
    onFailure: (error) => failures.push(error),
  });
  const kept = (id: string) => String(Buffer.from(rows.rows.get(id)?.data ?? []));
  const expectLedgerExact = () => expect(pool.memory.heldBytes + pool.queuedBytes).toBe(account.grantedBytes);
  return { rows, account, clock, failures, pool, kept, expectLedgerExact };
}

const isPressure = (error: unknown) => error instanceof AppError && error.code === "memory-pressure";

describe("the session pool while others hold the memory", () => {
  it("keeps ten sessions of 5 s alive that are read each second for a minute while the ledger grants nothing more", async () => {
    for (const leftBytes of [0, 600, 6_000]) {
      const { pool, account, clock, rows } = setUp();
      await pool.upkeep.start();
      const ids: string[] = [];
      for (let i = 0; i < 10; i++) ids.push((await pool.create(NS, `{"i":${i}}`, { idleTimeoutMs: 5_000 })).id);
      await pool.committed();
      // Others take what there is: no session is left in memory, or a few.
      account.capBytes = leftBytes;
      while (account.grantedBytes > leftBytes && pool.memory.makeRoom());
      for (let second = 0; second < 60; second++) {
        clock.advance(1_000);
        for (const id of ids) {
          const { view } = await pool.get(NS, id);
          expect(view.expiresAtMs - clock.nowMs()).toBe(5_000);
        }
      }
      await pool.upkeep.close();
      // As a restart would find them.
      for (const row of rows.rows.values()) expect(row.lastUsedAtMs).toBe(clock.nowMs());
    }
  });

  it("answers 503, and never a later end that it could not keep, when more last uses wait than it may hold", async () => {
    const { pool, account, clock, rows } = setUp({ maxItems: 2_000 });
    const ids: string[] = [];
    for (let i = 0; i < UNPAID_USES + 100; i++) ids.push((await pool.create(NS, "1", { idleTimeoutMs: 5_000 })).id);
    await pool.committed();
    account.capBytes = 0;
    while (pool.memory.makeRoom());
    rows.failure = new Error("no disk");
    clock.advance(4_000);
    const told = await Promise.allSettled(ids.map((id) => pool.get(NS, id)));
    const refused = told.filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(100);
    expect(refused.every((entry) => entry.status === "rejected" && isPressure(entry.reason))).toBe(true);
    rows.failure = null;
    clock.advance(4_000);
    for (const [at, id] of ids.entries())
      if (told[at]?.status === "fulfilled") expect((await pool.get(NS, id)).text).toBe("1");
  });

  it("replaces and patches a session or says that it cannot, however little is left, and keeps what it acknowledged", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(3_000, 30_000, 100_000),
        fc.nat(4_000),
        fc.boolean(),
        async (count, length, spareBytes, isPatch) => {
          const { pool, account, failures, kept, expectLedgerExact } = setUp();
          const ids: string[] = [];
          for (let i = 0; i < count; i++)
            ids.push((await pool.create(NS, JSON.stringify({ i, pad: "x".repeat(2_000) }))).id);
          await pool.committed();
          // Each now has a last use that is not saved: pushing one out wants a place in the queue for it.
          for (const id of ids) await pool.get(NS, id);
          const id = ids.at(-1) ?? "";
          const value = { pad: "y".repeat(length) };
          const text = JSON.stringify(isPatch ? { i: count - 1, ...value } : value);
          account.capBytes = account.grantedBytes + text.length + spareBytes;
          const change = isPatch ? pool.patch(NS, id, value, null) : pool.replace(NS, id, text, null);
          const isTaken = await change.then(
            () => true,
            (error: unknown) => !isPressure(error) && Promise.reject(error),
          );
          account.capBytes = 64 * MIB;
          await pool.committed();
          if (isTaken) expect(kept(id)).toBe(text);
          expect((await pool.get(NS, id)).text).toBe(kept(id));
          expect(failures).toEqual([]);
          expectLedgerExact();
        },
      ),
      { numRuns: 120 },
    );
  });

  it("loses nothing that it acknowledged to eight writers at once, short of memory and with a disk that fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (numbers) => {
          const random = () => numbers.next().value ?? 0;
          const failing = new Error("no disk");
          let failureRatio = 0.1;
          const rows = new (class extends MapRows {
            override async apply(changes: Parameters<MapRows["apply"]>[0]): Promise<void> {
              for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise(setImmediate);
              if (random() < failureRatio) throw failing;
              await super.apply(changes);
            }
          })();
          const { pool, account, clock, failures, kept, expectLedgerExact } = setUp({
            rows,
            maxItems: 2 + Math.floor(random() * 12),
          });
          let serial = 0;
          /** Of each session what may be kept of it: more than one value where a write failed and may have been made. */
          const possible = new Map<string, readonly string[]>();
          const value = () => JSON.stringify({ serial: serial++, pad: "é".repeat(Math.floor(random() ** 3 * 8_000)) });
          const write = async (id: string, text: string, call: Promise<unknown>) => {
            const before = possible.get(id) ?? [];
            possible.set(id, [...before, text]);
            await call;
            possible.set(id, [text]);
          };
          const writer = async () => {
            let id: string | null = null;
            for (let step = 0; step < 20; step++) {
              for (let turns = Math.floor(random() * 3); turns > 0; turns--) await new Promise(setImmediate);
              const kind = random();
              try {
                if (id === null) {
                  const text = value();
                  id = (await pool.create(NS, text)).id;
                  possible.set(id, [text]);
                } else if (kind < 0.4) expect(possible.get(id)).toContain((await pool.get(NS, id)).text);
                else if (kind < 0.8) {
                  const text = value();
                  await write(id, text, pool.replace(NS, id, text, null));
                } else await pool.touch(NS, id);
              } catch (error) {
                if (!(error instanceof AppError) || error.status < 500) throw error;
              }
            }
          };
          let isRunning = true;
          const others = (async () => {
            while (isRunning) {
              await new Promise(setImmediate);
              clock.advance(Math.floor(random() * 300));
              if (random() < 0.3) void pool.upkeep.tick();
              if (random() < 0.1) account.capBytes = account.grantedBytes + Math.floor(random() * 30_000);
              if (random() < 0.2) account.capBytes = 64 * MIB;
            }
          })();
          await Promise.all(Array.from({ length: 8 }, writer)).finally(() => {
            isRunning = false;
          });
          await others;
          failureRatio = 0;
          account.capBytes = 64 * MIB;
          await pool.upkeep.close();
          for (const [id, values] of possible) expect(values).toContain(kept(id));
          expect(failures.filter((failure) => failure !== failing)).toEqual([]);
          expect(pool.queuedBytes).toBe(0);
          expectLedgerExact();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("keeps one session of an id that is imported twice at once: the last value, with its timeout", async () => {
    const { pool, failures, kept } = setUp();
    for (const [first, last] of [
      ['{"n":1}', '{"n":2}'],
      ['{"n":1}', '{"n":"longer than that"}'],
    ] as const) {
      const id = newSessionId();
      await Promise.all([pool.put(id, NS, first), pool.put(id, NS, last)]);
      expect((await pool.get(NS, id)).text).toBe(last);
      await pool.committed();
      expect(kept(id)).toBe(last);
      await pool.delete(NS, id, null);
      await expect(pool.get(NS, id)).rejects.toMatchObject({ code: "not-found" });
    }
    expect(failures).toEqual([]);
    expect(pool.memory.items).toBe(0);
  });
});
