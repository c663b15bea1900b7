import { describe, expect, it, vi } from "vitest";
import type { KeyRow, KeyRows, SignInRow } from "../../ports/admin-rows.ts";
import { FakeClock } from "../../shared/fake-clock.ts";
import { KeyRing } from "./key-ring.ts";

const { compared } = vi.hoisted(() => ({ compared: [] as number[][] }));
vi.mock("node:crypto", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:crypto")>();
  const timingSafeEqual = (a: Uint8Array, b: Uint8Array): boolean => {
    compared.push([a.byteLength, b.byteLength]);
    return original.timingSafeEqual(a, b);
  };
  return { ...original, timingSafeEqual };
});

function memoryRows() {
  const keys: KeyRow[] = [];
  const signIns: SignInRow[] = [];
  const rows: KeyRows = {
    live: async () => keys,
    insert: async (row) => void keys.push(row),
    revoke: async (id) =>
      void keys.splice(
        keys.findIndex((key) => key.id === id),
        1,
      ),
    signIns: async () => signIns,
    insertSignIn: async (row) => void signIns.push(row),
    deleteSignIn: async () => undefined,
  };
  return { rows, keys, signIns };
}

const operator = { name: "op", role: "operator", namespace: "default", expiresAtMs: null } as const;

describe("KeyRing", () => {
  it("stores no key and no token, only their hashes", async () => {
    const { rows, keys, signIns } = memoryRows();
    const ring = await KeyRing.open(rows, new FakeClock());
    const { key } = await ring.create(operator);
    const identity = ring.byKey(key);
    if (!identity) throw new Error("the key is not known");
    const { token } = await ring.signIn(identity);
    expect(JSON.stringify([keys, signIns])).not.toContain(key.split(".")[2]);
    expect(JSON.stringify(signIns)).not.toContain(token);
    expect((await KeyRing.open(rows, new FakeClock())).byCookie(token)).toMatchObject({ name: "op", via: "cookie" });
  });

  it("T28: compares digests of one length in constant time, never keys, however long the key that is shown", async () => {
    const ring = await KeyRing.open(memoryRows().rows, new FakeClock(), "operator-key-0123456789");
    const { key } = await ring.create(operator);
    compared.length = 0;
    const shown = [
      key,
      key.slice(0, -1),
      `${key}x`,
      "operator-key-0123456789",
      "operator-key-012345678",
      "",
      "x".repeat(512),
    ];
    expect(shown.map((one) => ring.byKey(one) !== null)).toEqual([true, false, false, true, false, false, false]);
    expect(compared).toEqual(shown.map(() => [32, 32]));
  });

  it("ends keys at their expiry and sign-ins after 12 hours, or with their key", async () => {
    const clock = new FakeClock();
    const ring = await KeyRing.open(memoryRows().rows, clock);
    const short = await ring.create({ ...operator, expiresAtMs: clock.nowMs() + 1_000 });
    const { key, id } = await ring.create(operator);
    const identity = ring.byKey(key);
    if (!identity) throw new Error("the key is not known");
    const [first, second] = [await ring.signIn(identity), await ring.signIn(identity)];
    clock.advance(1_000);
    expect(ring.byKey(short.key)).toBeNull();
    clock.advance(12 * 3_600_000 - 1_001);
    expect(ring.byCookie(first.token)).not.toBeNull();
    clock.advance(1);
    expect(ring.byCookie(first.token)).toBeNull();
    const third = await ring.signIn(identity);
    await ring.revoke(id);
    expect([ring.byKey(key), ring.byCookie(third.token), ring.byCookie(second.token)]).toEqual([null, null, null]);
  });

  it("holds at most 1,000 sign-ins, the oldest ending first, and refuses a key over 1,000", async () => {
    const ring = await KeyRing.open(memoryRows().rows, new FakeClock());
    const { key } = await ring.create(operator);
    const identity = ring.byKey(key);
    if (!identity) throw new Error("the key is not known");
    const tokens: string[] = [];
    for (let count = 0; count < 1_001; count++) tokens.push((await ring.signIn(identity)).token);
    expect(ring.byCookie(tokens[0] ?? "")).toBeNull();
    expect(ring.byCookie(tokens[1] ?? "")).not.toBeNull();
    for (let count = 1; count < 1_000; count++) await ring.create({ ...operator, role: "viewer" });
    await expect(ring.create(operator)).rejects.toMatchObject({ code: "conflict" });
  });

  it("takes the environment's key without storing it, and does not let it be revoked", async () => {
    const { rows, keys } = memoryRows();
    const ring = await KeyRing.open(rows, new FakeClock(), "environment-key-0123");
    expect(ring.byKey("environment-key-0123")).toMatchObject({ role: "operator" });
    expect(ring.byKey("environment-key-0124")).toBeNull();
    expect(keys).toEqual([]);
    await expect(ring.revoke("environment")).rejects.toMatchObject({ code: "pinned-by-environment" });
  });
});
