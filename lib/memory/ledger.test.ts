import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

const LIMIT = 10_000;
const RUNTIME = 2_000;
const accounts = ["sessions", "cache", "vectors"] as const;

const operation = fc.oneof(
  fc.record({ kind: fc.constant("take" as const), who: fc.nat(2), bytes: fc.nat(5_000) }),
  fc.record({ kind: fc.constant("give" as const), who: fc.nat(2), bytes: fc.nat(5_000) }),
);

describe("Ledger", () => {
  it("keeps all grants within limit − runtime, and each within its ceiling, after every call", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const ledger = new Ledger({ limitBytes: LIMIT, runtimeBytes: RUNTIME });
        const open = accounts.map((name) => ledger.open(name, name, 4_000));
        const model = [0, 0, 0];
        for (const { kind, who, bytes } of operations) {
          const account = open[who];
          const held = model[who] ?? 0;
          if (!account) continue;
          if (kind === "take") {
            const fits = held + bytes <= 4_000 && model.reduce((a, b) => a + b, 0) + bytes <= LIMIT - RUNTIME;
            expect(account.tryReserve(bytes)).toBe(fits);
            if (fits) model[who] = held + bytes;
          } else if (bytes <= held) {
            account.release(bytes);
            model[who] = held - bytes;
          } else {
            expect(() => account.release(bytes)).toThrow(RangeError);
          }
          expect(open.map(({ grantedBytes }) => grantedBytes)).toEqual(model);
          expect(ledger.grantedBytes).toBe(model.reduce((a, b) => a + b, 0));
          expect(ledger.grantedBytes).toBeLessThanOrEqual(LIMIT - RUNTIME);
        }
      }),
    );
  });

  it("grants nothing while throttled, and nothing above a limit that fell, until enough has come back", () => {
    const ledger = new Ledger({ limitBytes: LIMIT, runtimeBytes: RUNTIME });
    const account = ledger.open("cache", "cache", LIMIT);
    account.tryReserve(6_000);
    ledger.throttle("all");
    expect(account.tryReserve(1)).toBe(false);
    ledger.throttle("nothing");
    ledger.setLimit(7_000);
    expect(account.tryReserve(1)).toBe(false);
    account.release(2_000);
    expect(account.tryReserve(1_000)).toBe(true);
    expect(account.tryReserve(1)).toBe(false);
  });

  it("refuses a count that is no count of bytes", () => {
    const account = new Ledger({ limitBytes: LIMIT, runtimeBytes: 0 }).open("cache", "cache", LIMIT);
    for (const bytes of [-1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect(() => account.tryReserve(bytes)).toThrow(RangeError);
    }
  });

  it("stops granting to what can be made again before it stops granting to what would be missed", () => {
    const ledger = new Ledger({ limitBytes: LIMIT, runtimeBytes: RUNTIME });
    const cache = ledger.open("cache", "cache", LIMIT);
    const sessions = ledger.open("sessions", "sessions", LIMIT);
    ledger.throttle("expendable");
    expect([cache.tryReserve(1), sessions.tryReserve(1)]).toEqual([false, true]);
    ledger.throttle("all");
    expect([cache.tryReserve(1), sessions.tryReserve(1)]).toEqual([false, false]);
  });
});
