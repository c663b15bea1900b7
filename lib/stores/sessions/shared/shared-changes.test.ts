import { expect, it, vi } from "vitest";
import { NO_QUOTAS } from "../../../ports/namespace-quotas.ts";
import type { SessionRow } from "../../../ports/session-rows.ts";
import type { SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { StoreCounters } from "../../core/store-counters.ts";
import { NO_TERMS } from "../session-terms.ts";
import type { NearSessions } from "./near-sessions.ts";
import { SharedChanges } from "./shared-changes.ts";

it("a merge that other nodes are always first to is tried 50 times, then refused, and may be sent again", async () => {
  let version = 1;
  const row = { id: "s", ownId: null, namespace: "n", data: new TextEncoder().encode("{}") };
  const save = vi.fn<SharedSessionRows["save"]>(async () => ({ kind: "version", version: ++version }));
  // Casts: nothing else of the rows and the copies is used.
  const rows = { time: async () => 0, look: async () => ({ ...row, version }) as SessionRow, save };
  const changes = new SharedChanges({
    rows: rows as Partial<SharedSessionRows> as SharedSessionRows,
    near: { drop: () => undefined } as Partial<NearSessions> as NearSessions,
    quotas: NO_QUOTAS,
    counters: new StoreCounters(new FakeClock()),
    idleTimeoutMs: () => 1_000,
  });
  const merged = changes.merge("n", "s".repeat(43), { patch: { a: 1 }, terms: NO_TERMS, condition: null });
  await expect(merged).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  expect(save).toHaveBeenCalledTimes(50);
  // Each was made of what was there just before.
  expect(save.mock.calls.map(([change]) => change.version)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});
