import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { FillLeases, LEASE_BYTES, LEASE_MS, WAITER_BYTES } from "./fill-leases.ts";

function setUp(maxBytes = 1_000_000) {
  const clock = new FakeClock();
  const account = new TestAccount();
  return {
    clock,
    account,
    leases: new FillLeases({ clock, account, maxBytes, namespaceOf: (key) => key.split("/")[0] ?? "" }),
  };
}

describe("FillLeases", () => {
  it("T62: gives one lease for 1,000 callers, and wakes the 999 that wait when it is filled", async () => {
    const { account, leases } = setUp();
    const tokens = Array.from({ length: 1000 }, () => leases.acquire("k")).filter((token) => token !== null);
    expect(tokens).toHaveLength(1);
    const waits = Array.from({ length: 999 }, () => leases.wait("k", { waitMs: 5_000 }));
    expect(leases.waiters).toBe(999);
    leases.fulfil("k");
    expect(new Set((await Promise.all(waits)).map(({ outcome }) => outcome))).toEqual(new Set(["filled"]));
    expect([leases.leases, leases.bytes, account.grantedBytes]).toEqual([0, 0, 0]);
  });

  it("passes a lease to the first waiter, under a new token, when its holder is silent for 10 s", async () => {
    const { clock, leases } = setUp();
    const token = leases.acquire("k");
    const first = leases.wait("k", { waitMs: 30_000 });
    const second = leases.wait("k", { waitMs: 30_000 });
    clock.advance(LEASE_MS);
    const passed = await first;
    expect(passed.outcome).toBe("lease");
    expect(passed.outcome === "lease" && leases.isCurrent("k", passed.token)).toBe(true);
    expect(leases.isCurrent("k", token ?? "")).toBe(false);
    leases.fulfil("k");
    expect((await second).outcome).toBe("filled");
  });

  it("forgets a lease that runs out with nobody waiting: the next caller gets one", () => {
    const { clock, account, leases } = setUp();
    const first = leases.acquire("k");
    clock.advance(LEASE_MS - 1);
    expect(leases.acquire("k")).toBeNull();
    clock.advance(1);
    const second = leases.acquire("k");
    expect(second).not.toBeNull();
    expect(second).not.toBe(first);
    expect(account.grantedBytes).toBe(LEASE_BYTES);
  });

  it("ends a wait after its time, or when the caller hangs up, and keeps nothing of it", async () => {
    const { clock, account, leases } = setUp();
    leases.acquire("k");
    const patient = leases.wait("k", { waitMs: 200 });
    const caller = new AbortController();
    const gone = leases.wait("k", { waitMs: 5_000, signal: caller.signal });
    caller.abort();
    expect((await gone).outcome).toBe("pending");
    clock.advance(200);
    expect((await patient).outcome).toBe("pending");
    expect([leases.waiters, account.grantedBytes]).toEqual([0, LEASE_BYTES]);
  });

  it("never holds more leases and waiters than its bytes, and says so at once", async () => {
    const { account, leases } = setUp(Math.ceil(((LEASE_BYTES * 2 + WAITER_BYTES) * 9) / 8));
    expect([leases.acquire("n/a"), leases.acquire("n/b")].every((token) => token !== null)).toBe(true);
    const waits = Array.from({ length: 10 }, () => leases.wait("n/a", { waitMs: 1_000 }));
    expect(leases.acquire("n/c")).toBeNull();
    expect([leases.isHeld("n/c"), leases.leases, leases.waiters]).toEqual([false, 2, 1]);
    expect(account.grantedBytes).toBe(LEASE_BYTES * 2 + WAITER_BYTES);
    expect((await Promise.all(waits.slice(1))).every(({ outcome }) => outcome === "pending")).toBe(true);
    leases.endAll();
    expect((await waits[0])?.outcome).toBe("pending");
    expect(account.grantedBytes).toBe(0);
  });

  it("R5: leaves another namespace room, whoever took leases without end", () => {
    const { leases } = setUp(LEASE_BYTES * 900);
    const taken = Array.from({ length: 2_000 }, (_, at) => leases.acquire(`greedy/${at}`)).filter(
      (token) => token !== null,
    );
    expect(taken).toHaveLength(800);
    const others = Array.from({ length: 50 }, (_, at) => leases.acquire(`modest/${at}`));
    expect(others.every((token) => token !== null)).toBe(true);
  });
});
