import { describe, expect, it, vi } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { memoryKeyRows } from "../../testing/key-rows-in-memory.ts";
import type { Identity } from "./held-key.ts";
import { KeyRing } from "./key-ring.ts";
import { MAX_SIGN_INS_PER_KEY } from "./sign-ins.ts";

const { compared } = vi.hoisted(() => ({ compared: [] as number[][] }));
vi.mock("node:crypto", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:crypto")>();
  const timingSafeEqual = (a: Uint8Array, b: Uint8Array): boolean => {
    compared.push([a.byteLength, b.byteLength]);
    return original.timingSafeEqual(a, b);
  };
  return { ...original, timingSafeEqual };
});

const operator = { name: "op", role: "operator", namespace: "default", expiresAtMs: null } as const;

async function identityOf(ring: KeyRing, expiresAtMs: number | null = null): Promise<Identity> {
  const { key } = await ring.create({ ...operator, expiresAtMs });
  const identity = ring.byKey(key);
  if (!identity) throw new Error("the key is not known");
  return identity;
}

describe("KeyRing", () => {
  it("stores no key and no token, only their hashes", async () => {
    const { rows, keys, signIns } = memoryKeyRows();
    const ring = await KeyRing.open(rows, new FakeClock());
    const { key } = await ring.create(operator);
    const identity = ring.byKey(key);
    if (!identity) throw new Error("the key is not known");
    const { token } = await ring.signIn(identity);
    expect(JSON.stringify([keys, signIns()])).not.toContain(key.split(".")[2]);
    expect(JSON.stringify(signIns())).not.toContain(token);
    expect((await KeyRing.open(rows, new FakeClock())).byCookie(token)).toMatchObject({ name: "op", via: "cookie" });
  });

  it("T28: compares digests of one length in constant time, never keys, however long the key that is shown", async () => {
    const ring = await KeyRing.open(memoryKeyRows().rows, new FakeClock(), "operator-key-0123456789");
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
    const ring = await KeyRing.open(memoryKeyRows().rows, clock);
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

  it("R3: bounds the sign-ins of each key, the oldest of the same key ending first and nobody else's, also when all come at once", async () => {
    const ring = await KeyRing.open(memoryKeyRows().rows, new FakeClock());
    const [mine, other] = [await identityOf(ring), await identityOf(ring)];
    const { token: others } = await ring.signIn(other);
    const tokens: string[] = [];
    for (let count = 0; count < MAX_SIGN_INS_PER_KEY + 1; count++) tokens.push((await ring.signIn(mine)).token);
    const holds = () => tokens.filter((token) => ring.byCookie(token) !== null);
    expect(holds()).toEqual(tokens.slice(1));
    for (const { token } of await Promise.all(Array.from({ length: 1_000 }, () => ring.signIn(mine))))
      tokens.push(token);
    expect(holds()).toEqual(tokens.slice(-MAX_SIGN_INS_PER_KEY));
    expect(ring.byCookie(others)).not.toBeNull();
  });

  it("R3: a sign-in that was pushed out or signed out stays ended after a restart, and rows over the bound end with it", async () => {
    const { rows, signIns } = memoryKeyRows();
    const clock = new FakeClock();
    const ring = await KeyRing.open(rows, clock);
    const mine = await identityOf(ring);
    const { token: out } = await ring.signIn(mine);
    await ring.signOut(out);
    const tokens: string[] = [];
    for (let count = 0; count < MAX_SIGN_INS_PER_KEY + 5; count++) tokens.push((await ring.signIn(mine)).token);
    // Signed out after it was pushed out: memory does not know it any more.
    await ring.signOut(tokens[0] ?? "");
    expect(signIns()).toHaveLength(MAX_SIGN_INS_PER_KEY);
    const again = await KeyRing.open(rows, clock);
    expect([out, ...tokens].filter((token) => again.byCookie(token) !== null)).toEqual(tokens.slice(5));
    // An earlier version left what it pushed out on disk.
    for (let count = 0; count < 5; count++) {
      const row = { keyId: mine.keyId, createdAtMs: clock.nowMs(), expiresAtMs: clock.nowMs() + 1_000 };
      await rows.insertSignIn({ ...row, tokenHash: `left-${count}` }, []);
    }
    await KeyRing.open(rows, clock);
    expect(signIns()).toHaveLength(MAX_SIGN_INS_PER_KEY);
  });

  it("R5: 40 keys asked for at once at 991 make 1,000", async () => {
    const ring = await KeyRing.open(memoryKeyRows().rows, new FakeClock(), "environment-key-0123");
    for (let count = 0; count < 991; count++) await ring.create({ ...operator, role: "viewer" });
    const made = await Promise.allSettled(Array.from({ length: 40 }, () => ring.create(operator)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(9);
    expect(ring.list(null, 10_000)).toHaveLength(1_000);
    await expect(ring.create(operator)).rejects.toMatchObject({ code: "conflict" });
  });

  it("R5: keys that expired give their places to new ones, and only as many as are needed", async () => {
    const clock = new FakeClock();
    const { rows, keys } = memoryKeyRows();
    const ring = await KeyRing.open(rows, clock);
    const { id: first } = await ring.create({ ...operator, expiresAtMs: clock.nowMs() + 999 });
    for (let count = 1; count < 1_000; count++)
      await ring.create({ ...operator, expiresAtMs: clock.nowMs() + 1_000 + count });
    await expect(ring.create(operator)).rejects.toMatchObject({ code: "conflict" });
    clock.advance(3_000);
    const { key } = await ring.create(operator);
    expect(ring.byKey(key)).not.toBeNull();
    expect([
      ring.list(null, 10_000).length,
      keys.length,
      ring.list(null, 10_000).some(({ id }) => id === first),
    ]).toEqual([1_000, 1_000, false]);
    await Promise.all(Array.from({ length: 999 }, () => ring.create(operator)));
    await expect(ring.create(operator)).rejects.toMatchObject({ code: "conflict" });
    expect(ring.list(null, 10_000)).toHaveLength(1_000);
  });

  it("R5: a namespace that comes late has places although another holds them all, and all together have a bound", async () => {
    const ring = await KeyRing.open(memoryKeyRows().rows, new FakeClock());
    for (let count = 0; count < 1_000; count++) await ring.create(operator);
    const inNamespace = (namespace: string, count: number) =>
      Promise.allSettled(Array.from({ length: count }, () => ring.create({ ...operator, namespace })));
    const kept = async (namespace: string, count: number) =>
      (await inNamespace(namespace, count)).filter(({ status }) => status === "fulfilled").length;
    expect([await kept("late", 40), await kept("default", 1)]).toEqual([10, 0]);
    for (let count = 0; count < 120; count++) await kept(`late-${count}`, 12);
    expect(ring.list(null, 10_000)).toHaveLength(2_000);
  });

  it("F2: an identity holds until its key is revoked or expires, or its sign-in ends, and each early end is told", async () => {
    const clock = new FakeClock();
    const ring = await KeyRing.open(memoryKeyRows().rows, clock);
    let told = 0;
    ring.onEnded(() => told++);
    const holder = await identityOf(ring);
    const cookie = async () => {
      const { token } = await ring.signIn(holder);
      const identity = ring.byCookie(token);
      if (!identity) throw new Error("the sign-in is not known");
      return { token, identity };
    };
    const [one, two] = [await cookie(), await cookie()];
    const short = await identityOf(ring, clock.nowMs() + 1_000);
    const state = () => [holder, one.identity, two.identity, short].map((identity) => ring.holds(identity));
    expect(state()).toEqual([true, true, true, true]);
    told = 0;
    await ring.signOut(one.token);
    expect([state(), told]).toEqual([[true, false, true, true], 1]);
    clock.advance(1_000);
    expect(state()).toEqual([true, false, true, false]);
    await ring.revoke(holder.keyId);
    expect([state(), told]).toEqual([[false, false, false, false], 2]);
  });

  it("refuses a sign-in whose key is revoked while it is written, and leaves nothing of it", async () => {
    const { rows, signIns } = memoryKeyRows();
    const ring = await KeyRing.open(rows, new FakeClock());
    const holder = await identityOf(ring);
    const [signedIn] = await Promise.allSettled([ring.signIn(holder), ring.revoke(holder.keyId)]);
    expect(signedIn).toMatchObject({ status: "rejected", reason: { code: "unauthenticated" } });
    expect(signIns()).toEqual([]);
  });

  it("takes the environment's key without storing it, and does not let it be revoked", async () => {
    const { rows, keys } = memoryKeyRows();
    const ring = await KeyRing.open(rows, new FakeClock(), "environment-key-0123");
    expect(ring.byKey("environment-key-0123")).toMatchObject({ role: "operator" });
    expect(ring.byKey("environment-key-0124")).toBeNull();
    expect(keys).toEqual([]);
    await expect(ring.revoke("environment")).rejects.toMatchObject({ code: "pinned-by-environment" });
  });

  it("changes what is named of a key and keeps the rest, over a restart too", async () => {
    const { rows } = memoryKeyRows();
    const clock = new FakeClock();
    const ring = await KeyRing.open(rows, clock);
    const { id, key, createdAt } = await ring.create({ ...operator, ratePerMinute: 5 });
    const changed = await ring.change(id, { name: "renamed", expiresAtMs: clock.nowMs() + 5_000 });
    const expected = { id, createdAt, name: "renamed", ratePerMinute: 5 };
    expect(changed).toMatchObject(expected);
    expect((await KeyRing.open(rows, clock)).list(null, 10)).toMatchObject([expected]);
    const [first, second] = await Promise.all([
      ring.change(id, { ratePerMinute: null, expiresAtMs: null }),
      ring.change(id, { name: "again" }),
    ]);
    expect([first?.ratePerMinute, second]).toMatchObject([
      null,
      { name: "again", ratePerMinute: null, expiresAt: null },
    ]);
    expect(ring.byKey(key)).toMatchObject({ name: "again", bucket: null });
    expect(await ring.change("nobody", { name: "x" })).toBeNull();
  });

  it("rotates a key under its id: the old secret, its sign-ins and its sockets end, over a restart too", async () => {
    const { rows } = memoryKeyRows();
    const ring = await KeyRing.open(rows, new FakeClock());
    const { id, key } = await ring.create(operator);
    const before = ring.byKey(key);
    if (!before) throw new Error("the key is not known");
    const { token } = await ring.signIn(before);
    let told = 0;
    ring.onEnded(() => told++);
    const rotated = await ring.rotate(id);
    expect([rotated?.id, told]).toEqual([id, 1]);
    for (const now of [ring, await KeyRing.open(rows, new FakeClock())]) {
      expect([now.byKey(key), now.byCookie(token), now.holds(before)]).toEqual([null, null, false]);
      expect(now.byKey(rotated?.key ?? "")).toMatchObject({ keyId: id });
    }
    expect(await ring.rotate("nobody")).toBeNull();
    await expect(ring.rotate("environment")).rejects.toThrow("HEADROOM_OPERATOR_KEY");
  });

  it("counts a key's requests in one bucket, which other changes of the key do not fill", async () => {
    const clock = new FakeClock();
    const ring = await KeyRing.open(memoryKeyRows().rows, clock);
    const { id, key } = await ring.create({ ...operator, ratePerMinute: 2 });
    const take = (secret: string) => ring.byKey(secret)?.bucket?.take(clock.monotonicMs());
    expect([take(key), take(key), take(key)]).toEqual([0, 0, 30_000]);
    await ring.change(id, { name: "renamed" });
    const rotated = (await ring.rotate(id))?.key ?? "";
    expect(take(rotated)).toBe(30_000);
    await ring.change(id, { ratePerMinute: 3 });
    expect(take(rotated)).toBe(0);
  });
});
