import pino from "pino";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../../ports/admin-rows.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import type { Identity } from "../auth/held-key.ts";
import { Audit } from "./audit.ts";

const holder = (keyId: string): Identity => ({
  keyId,
  name: keyId,
  role: "viewer",
  namespace: "default",
  expiresAtMs: null,
  via: "bearer",
  signIn: null,
  bucket: null,
  hash: "",
});

function setup() {
  const entries: AuditEntry[] = [];
  const clock = new FakeClock();
  const rows = { insert: async (entry: AuditEntry) => void entries.push(entry), list: async () => [] };
  return { audit: new Audit(rows, clock, pino({ level: "silent" })), entries, clock };
}

describe("Audit", () => {
  it("R3: writes one entry for what a key repeats in ten minutes, and each key's and each kind's own", async () => {
    const { audit, entries, clock } = setup();
    for (let count = 0; count < 10_000; count++) {
      await audit.signedIn(holder("noisy"), "request");
      audit.refused(holder("noisy"), "PATCH /api/v1/settings", "forbidden", "request");
      clock.advance(1);
    }
    await audit.signedIn(holder("quiet"), "request");
    audit.refused(holder("noisy"), "POST /api/v1/keys", "forbidden", "request");
    expect(entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ["noisy", "auth.sign-in", "noisy"],
      ["noisy", "refused", "PATCH /api/v1/settings"],
      ["quiet", "auth.sign-in", "quiet"],
      ["noisy", "refused", "POST /api/v1/keys"],
    ]);
    clock.advance(600_000);
    await audit.signedIn(holder("noisy"), "request");
    expect(entries).toHaveLength(5);
  });

  it("writes everything that was done, however often", async () => {
    const { audit, entries } = setup();
    for (let count = 0; count < 3; count++) await audit.done(holder("op"), "settings.patch", "", "", null);
    expect(entries).toHaveLength(3);
  });
});
