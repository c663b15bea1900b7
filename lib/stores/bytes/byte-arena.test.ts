import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KIB } from "../../shared/bytes.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { ByteArena } from "./byte-arena.ts";

const OPTIONS = { slabBytes: 64 * KIB, stepBytes: 4 * KIB };

/** A payload that no other has: a reader that is given another's bytes is found out. */
function payload(seed: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) buffer[i] = (seed * 31 + i * 7) & 0xff;
  return buffer;
}

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("put" as const), bytes: fc.integer({ min: 0, max: 9_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("put" as const), bytes: fc.integer({ min: 60_000, max: 90_000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("free" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const) }) },
);

describe("ByteArena", () => {
  it("gives every payload back byte for byte and stays within its account after each of any operations", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const account = new TestAccount(300 * KIB, "cache");
        const arena = new ByteArena(account, OPTIONS);
        const held = new Map<number, Buffer>();
        for (const [step, op] of operations.entries()) {
          if (op.kind === "put") {
            const value = payload(step, op.bytes);
            const before = account.grantedBytes;
            const handle = arena.put(value);
            if (handle !== null) held.set(handle, value);
            else expect(account.grantedBytes).toBeLessThanOrEqual(before + 256 * 12 * 2);
          } else if (op.kind === "free") {
            const handle = [...held.keys()][op.at % Math.max(1, held.size)];
            if (handle !== undefined) {
              arena.free(handle);
              held.delete(handle);
            }
          } else {
            const before = account.grantedBytes;
            expect(arena.compact()).toBe(before - account.grantedBytes);
          }
          expect(account.grantedBytes).toBeLessThanOrEqual(account.ceilingBytes);
          expect(arena.reservedBytes).toBe(account.grantedBytes);
          expect(arena.liveBytes).toBeLessThanOrEqual(arena.reservedBytes);
          expect(arena.entries).toBe(held.size);
          for (const [handle, value] of held) expect(Buffer.from(arena.view(handle)).equals(value)).toBe(true);
        }
        for (const handle of held.keys()) arena.free(handle);
        expect(account.grantedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("holds at most a quarter and half a slab more than its payloads through 20,000 replacements at random", () => {
    const account = new TestAccount(Number.POSITIVE_INFINITY, "cache");
    const arena = new ByteArena(account);
    const handles: number[] = [];
    const put = (step: number) => arena.put(payload(step, 200 + ((step * 7919) % 3000))) ?? Number.NaN;
    for (let i = 0; i < 2000; i++) handles.push(put(i));
    for (let step = 0; step < 20_000; step++) {
      const at = (step * 7907) % handles.length;
      arena.free(handles[at] ?? Number.NaN);
      handles[at] = put(step);
      expect(arena.reservedBytes).toBeLessThan(arena.liveBytes * 1.25 + 512 * KIB);
    }
  });

  it("gives pages back to the system as payloads are freed, without a collection, and the rest when it is told to compact", () => {
    const account = new TestAccount(Number.POSITIVE_INFINITY, "cache");
    const arena = new ByteArena(account);
    const handles = Array.from({ length: 16_000 }, (_, i) => arena.put(payload(i, 4000)) ?? Number.NaN);
    const full = { rss: process.memoryUsage.rss(), reserved: arena.reservedBytes };
    for (const [i, handle] of handles.entries()) if (i % 4 !== 0) arena.free(handle);
    expect(arena.reservedBytes).toBeLessThan(arena.liveBytes * 1.25);
    const predicted = arena.reclaimableBytes();
    let freed = 0;
    for (let more = arena.compact(); more > 0; more = arena.compact()) freed += more;
    expect(freed).toBe(predicted);
    const given = full.reserved - arena.reservedBytes;
    expect(given).toBeGreaterThan(40e6);
    expect(full.rss - process.memoryUsage.rss()).toBeGreaterThan(given * 0.9);
    expect(Buffer.from(arena.view(handles[4] ?? Number.NaN)).equals(payload(4, 4000))).toBe(true);
  });

  it("refuses rather than allocates when the account says no, and takes again after a free", () => {
    const account = new TestAccount(80 * KIB, "cache");
    const arena = new ByteArena(account, OPTIONS);
    const first = arena.put(payload(1, 30_000));
    const second = arena.put(payload(2, 30_000));
    expect([first !== null, second !== null, arena.put(payload(3, 30_000))]).toEqual([true, true, null]);
    arena.free(first ?? Number.NaN);
    const third = arena.put(payload(3, 30_000));
    expect(third).not.toBeNull();
    expect(Buffer.from(arena.view(third ?? Number.NaN)).equals(payload(3, 30_000))).toBe(true);
  });
});
