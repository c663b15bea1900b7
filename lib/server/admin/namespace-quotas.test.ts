import { describe, expect, it } from "vitest";
import type { Quota, QuotaRow, QuotaRows } from "../../ports/namespace-quotas.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { MAX_QUOTAS, NamespaceQuotas } from "./namespace-quotas.ts";

const NO_QUOTA = { bytes: null, items: null };
const NOTHING = { bytes: 0, items: 0 };
const ONE = { bytes: null, items: 1 };

class RowsInMemory implements QuotaRows {
  readonly rows = new Map<string, QuotaRow>();
  failure: Error | null = null;
  /** Fails when the row is there, as a count of what is kept may. */
  lateFailure: Error | null = null;

  async all(): Promise<QuotaRow[]> {
    return [...this.rows.values()];
  }

  async find(namespaces: readonly string[]): Promise<QuotaRow[]> {
    return namespaces.flatMap((name) => this.rows.get(name) ?? []);
  }

  async set(namespace: string, quota: Quota, version: number): Promise<void> {
    if (this.failure) throw this.failure;
    const kept = { session: { bytes: 7, items: 1 }, point: NOTHING, document: NOTHING, message: NOTHING };
    this.rows.set(namespace, { namespace, quota, version, kept });
    if (this.lateFailure) throw this.lateFailure;
  }

  async lift(namespace: string): Promise<void> {
    this.rows.delete(namespace);
  }
}

describe("quotas of namespaces", () => {
  it("are 10,000 at most, also when asked for at once, and each is paid for until it is lifted", async () => {
    const rows = new RowsInMemory();
    for (let n = 2; n < MAX_QUOTAS; n++) await rows.set(`n${n}`, ONE, 1);
    const account = new TestAccount(2 ** 30);
    const quotas = await NamespaceQuotas.open(rows, account, new FakeClock());
    const before = account.grantedBytes;
    const each = before / (MAX_QUOTAS - 2);
    const asked = await Promise.allSettled(["a", "b", "c", "d"].map((name) => quotas.set(name, ONE, null)));
    expect(asked.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(asked[2]).toMatchObject({ reason: { code: "conflict" } });
    expect(account.grantedBytes).toBe(before + 2 * each);
    await quotas.set("a", { bytes: 5, items: null }, null);
    await quotas.set("b", { bytes: null, items: null }, null);
    await quotas.set("never", { bytes: null, items: null }, null);
    expect(account.grantedBytes).toBe(before + each);
    await quotas.set("c", ONE, null);
    expect(quotas.of("b")).toBeNull();
    expect(quotas.of("c")?.fits({ bytes: 0, items: 1 })).toBe(false);
  });

  it("are refused under memory pressure, and given back where they could not be written", async () => {
    const rows = new RowsInMemory();
    const none = await NamespaceQuotas.open(rows, new TestAccount(0), new FakeClock());
    await expect(none.set("a", ONE, null)).rejects.toMatchObject({ code: "memory-pressure", retryAfterSeconds: 1 });
    expect(none.of("a")).toBeNull();
    const account = new TestAccount(2 ** 20);
    const quotas = await NamespaceQuotas.open(rows, account, new FakeClock());
    rows.failure = new Error("the disk is full");
    await expect(quotas.set("a", ONE, null)).rejects.toThrow("the disk is full");
    expect([quotas.of("a"), account.grantedBytes]).toEqual([null, 0]);
  });

  it("are as if never set where what is kept could not be counted: not stored, not told, and free to be set again", async () => {
    const rows = new RowsInMemory();
    const account = new TestAccount(2 ** 20);
    const quotas = await NamespaceQuotas.open(rows, account, new FakeClock());
    let stuck: Error | null = new Error("no commit");
    const committed = async () => {
      if (stuck) throw stuck;
    };
    quotas.attach({ committed, responses: null, sessions: null, cached: () => NOTHING });
    const absent = { match: [], noneMatch: ["*"] };
    await expect(quotas.set("a", ONE, absent)).rejects.toThrow("no commit");
    expect([await rows.all(), quotas.of("a"), account.grantedBytes]).toEqual([[], null, 0]);
    stuck = null;
    rows.lateFailure = new Error("the count failed");
    rows.lift = () => Promise.reject(new Error("the disk is full"));
    await expect(quotas.set("a", ONE, absent)).rejects.toThrow("the count failed");
    expect([quotas.of("a"), quotas.names(), account.grantedBytes]).toEqual([null, [], 0]);
    expect(await quotas.views(["a"])).toMatchObject([{ quota: { bytes: null, items: null }, version: 0, used: null }]);
    rows.lateFailure = null;
    expect(await quotas.set("a", ONE, absent)).toMatchObject({ quota: ONE, used: { session: { items: 1 } } });
    expect(quotas.of("a")?.fits({ bytes: 0, items: 1 })).toBe(false);
  });

  it("hold after a start without memory for them, and are lifted then without giving back what nobody paid", async () => {
    const rows = new RowsInMemory();
    await rows.set("a", ONE, 3);
    const account = new TestAccount(0);
    const quotas = await NamespaceQuotas.open(rows, account, new FakeClock());
    expect(quotas.of("a")?.claim({ bytes: 0, items: 1 })).toBe(false);
    expect((await quotas.set("a", { bytes: null, items: null }, null)).version).toBe(0);
    expect([quotas.of("a"), account.grantedBytes]).toEqual([null, 0]);
  });

  it("change under the version that was told, of which one of two writers at once has it", async () => {
    const quotas = await NamespaceQuotas.open(new RowsInMemory(), new TestAccount(2 ** 20), new FakeClock());
    const named = (...tags: string[]) => ({ match: [tags], noneMatch: [] });
    const absent = { match: [], noneMatch: ["*"] };
    await expect(quotas.set("a", ONE, named("*"))).rejects.toMatchObject({ code: "version-mismatch" });
    const first = await Promise.allSettled([quotas.set("a", ONE, named("0")), quotas.set("a", ONE, named("0"))]);
    expect(first.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(quotas.set("a", ONE, absent)).rejects.toMatchObject({ code: "version-mismatch" });
    const { version } = await quotas.set("b", ONE, absent);
    const [now] = await quotas.views(["a"]);
    expect((await quotas.set("a", ONE, named(String(now?.version)))).version).toBe(version + 1);
    expect((await quotas.set("a", ONE, named("*"))).version).toBe(version + 2);
  });

  it("are told as they are on disk, changed and lifted, where sessions cannot be committed", async () => {
    const clock = new FakeClock();
    const quotas = await NamespaceQuotas.open(new RowsInMemory(), new TestAccount(2 ** 20), clock);
    await quotas.set("a", ONE, null);
    quotas.attach({
      committed: () => Promise.reject(new Error("the disk is full")),
      responses: null,
      sessions: null,
      cached: () => NOTHING,
    });
    expect(await quotas.views(["a"])).toMatchObject([{ quota: ONE, used: { session: { bytes: 7, items: 1 } } }]);
    expect(await quotas.set("a", { bytes: 1, items: null }, null)).toMatchObject({ quota: { bytes: 1, items: null } });
    clock.advance(250);
    await expect(quotas.of("a")?.recount()).rejects.toThrow("the disk is full");
    expect(await quotas.set("a", { bytes: null, items: null }, null)).toMatchObject({ version: 0, used: null });
  });

  it("have versions that never come again: not after a lift, a restart, nor while the clock stands or goes back", async () => {
    const rows = new RowsInMemory();
    const open = (clock: FakeClock) => NamespaceQuotas.open(rows, new TestAccount(2 ** 20), clock);
    const clock = new FakeClock(5_000);
    const first = await open(clock);
    const set = async (quotas: NamespaceQuotas) => (await quotas.set("a", ONE, null)).version;
    const seen = [await set(first), await set(first)];
    expect(seen).toEqual([5_000, 5_001]);
    for (let n = 0; n < 2; n++) {
      await first.set("a", NO_QUOTA, null);
      seen.push(await set(first));
    }
    const earlier = await open(new FakeClock(10));
    seen.push(await set(earlier));
    await earlier.set("a", NO_QUOTA, null);
    seen.push(await set(earlier));
    await earlier.set("a", NO_QUOTA, null);
    seen.push(await set(await open(new FakeClock(9_000))));
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  it("of one namespace are set, changed and lifted while the first count of another goes on", async () => {
    const rows = new RowsInMemory();
    const quotas = await NamespaceQuotas.open(rows, new TestAccount(2 ** 20), new FakeClock());
    let goOn: () => void = () => undefined;
    const counted = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const store = rows.set.bind(rows);
    rows.set = async (namespace, quota, version) => {
      if (namespace === "large") await counted;
      await store(namespace, quota, version);
    };
    const setting = quotas.set("large", ONE, null);
    expect(await quotas.set("a", ONE, null)).toMatchObject({ quota: ONE });
    expect(await quotas.set("a", { bytes: 1, items: null }, null)).toMatchObject({ quota: { bytes: 1, items: null } });
    await quotas.set("a", { bytes: null, items: null }, null);
    goOn();
    expect([(await setting).quota, quotas.names()]).toEqual([ONE, ["large"]]);
  });

  it("count what the cache holds beside what is on disk", async () => {
    const quotas = await NamespaceQuotas.open(new RowsInMemory(), new TestAccount(2 ** 20), new FakeClock());
    const cached = { bytes: 3, items: 1 };
    quotas.attach({ committed: async () => undefined, cached: () => cached, responses: null, sessions: null });
    const { used } = await quotas.set("a", { bytes: 10, items: 3 }, null);
    expect(used).toMatchObject({ session: { bytes: 7, items: 1 }, cache: { bytes: 3, items: 1 } });
    const gate = quotas.of("a");
    expect([gate?.fits({ bytes: 0, items: 1 }), gate?.fits({ bytes: 1, items: 0 })]).toEqual([true, false]);
    expect(gate?.exceeded().members).toEqual({ quota: { bytes: 10, items: 3 }, used: { bytes: 10, items: 2 } });
  });
});
