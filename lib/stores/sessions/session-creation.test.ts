import { expect, it } from "vitest";
import type { Yielder } from "../../ports/bounded-store.ts";
import { ENDED_FOR_MS } from "../../ports/session-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { isSessionId, newSessionId } from "./id-index.ts";
import { ownKeyOf } from "./own-id.ts";
import { SessionPool } from "./session-pool.ts";

const yielder: Yielder = { spent: false, yield: () => Promise.resolve() };
const ID = "s:express-made-this-id-0123456789";

function setUp(maxItems = 2) {
  const clock = new FakeClock();
  const rows = new MapRows();
  const account = new TestAccount(16 * MIB, "sessions");
  const open = (durability: "always" | "everysec" = "always") =>
    new SessionPool({
      rows,
      account,
      clock,
      maxItems,
      idleTimeoutMs: 60_000,
      durability,
      packing: true,
      hotTier: true,
      onFailure: (error) => expect.unreachable(String(error)),
    });
  return { clock, rows, pool: open(), everysec: open("everysec"), open };
}

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

it("begins a session under the caller's id, and the same id in another namespace is another session", async () => {
  const { pool } = setUp();
  await pool.createOwn("a", ID, "1");
  await pool.createOwn("b", ID, "2");
  expect([(await pool.get("a", ID)).text, (await pool.get("b", ID)).text]).toEqual(["1", "2"]);
  expect((await pool.get("a", ID)).view.id).toBe(ID);
  await pool.delete("a", ID, null);
  expect([await code(pool.get("a", ID)), await code(pool.get("b", ID))]).toEqual(["not-found", "done"]);
});

it("is found by its id in memory, pushed out, and in a pool that begins anew, and never by the key that it is kept under", async () => {
  const { pool, open } = setUp(1);
  await pool.createOwn("a", ID, "1");
  const key = ownKeyOf("a", ID) ?? "";
  expect(isSessionId(key)).toBe(true);
  expect(await code(pool.get("a", key))).toBe("not-found");
  await pool.create("a", "2");
  expect(await code(pool.get("a", key))).toBe("not-found");
  expect((await pool.get("a", ID)).view).toMatchObject({ id: ID, version: 1 });
  await pool.replace("a", ID, "3", null);
  await pool.upkeep.close();
  expect(await open().get("a", ID)).toMatchObject({ text: "3", view: { id: ID, version: 2 } });
});

it("lets one of two who begin the same session win", async () => {
  const { pool } = setUp();
  const both = await Promise.all([code(pool.createOwn("a", ID, "1")), code(pool.createOwn("a", ID, "2"))]);
  expect(both.sort()).toEqual(["done", "version-mismatch"]);
});

it("takes no id of less than 22 bytes, counted in UTF-8, and none that a session made here has", async () => {
  const { pool } = setUp();
  expect(await code(pool.createOwn("a", "x".repeat(21), "1"))).toBe("validation-failed");
  expect(await code(pool.createOwn("a", "é".repeat(11), "1"))).toBe("done");
  const { id } = await pool.create("a", "1");
  expect(await code(pool.createOwn("a", id, "2"))).toBe("version-mismatch");
  // Of 256 random bits too, the caller's are not those made here.
  const own = newSessionId();
  await pool.createOwn("b", id, "3");
  await pool.createOwn("b", own, "4");
  expect([(await pool.get("a", id)).text, (await pool.get("b", id)).text]).toEqual(["1", "3"]);
});

it.each(["deleted", "expired in memory", "expired in its row", "swept away"])(
  "nothing begins under the id of a session that was %s until a day is over",
  async (how) => {
    const { pool, clock, open } = setUp(1);
    await pool.createOwn("a", ID, "1");
    if (how === "deleted") await pool.delete("a", ID, null);
    if (how === "expired in its row") await pool.create("a", "2");
    clock.advance(60_000);
    if (how === "swept away") {
      clock.advance(60_000);
      await pool.sweep(yielder);
    }
    expect(await code(pool.createOwn("a", ID, "2"))).toBe("session-ended");
    expect(await code(pool.replace("a", ID, "2", null))).toBe("not-found");
    await pool.upkeep.close();
    const later = open();
    expect(await code(later.createOwn("a", ID, "2"))).toBe("session-ended");
    expect(await code(later.createOwn("b", ID, "2"))).toBe("done");
    clock.advance(ENDED_FOR_MS);
    expect(await code(later.createOwn("a", ID, "3"))).toBe("done");
    const { view, text } = await later.get("a", ID);
    expect([text, view.createdAtMs, view.version]).toEqual(["3", clock.nowMs(), 1]);
  },
);

it.each(["deleted", "deleted and on disk", "expired in memory", "expired in its row", "swept away"])(
  "an id that names a value is begun again at once when its session was %s and it may be revived",
  async (how) => {
    const { pool, clock, open } = setUp(1);
    await pool.createOwn("a", ID, "1", { idleTimeoutMs: 60_000 });
    expect(await code(pool.createOwn("a", ID, "2", {}, true))).toBe("version-mismatch");
    if (how.startsWith("deleted")) await pool.delete("a", ID, null);
    if (how === "deleted and on disk") await pool.upkeep.close();
    if (how === "expired in its row") await pool.create("a", "2");
    if (!how.startsWith("deleted")) clock.advance(60_000);
    if (how === "swept away") {
      clock.advance(60_000);
      await pool.sweep(yielder);
    }
    const again = how === "deleted and on disk" ? open() : pool;
    expect(await code(again.createOwn("a", ID, "2"))).toBe("session-ended");
    expect(await again.createOwn("a", ID, "2", {}, true)).toMatchObject({
      id: ID,
      version: 1,
      createdAtMs: clock.nowMs(),
    });
    await again.upkeep.close();
    expect(await open().get("a", ID)).toMatchObject({ text: "2", view: { id: ID, version: 1 } });
  },
);

it("an import brings back on purpose what has ended, under the id that it had", async () => {
  const { pool } = setUp();
  await pool.createOwn("a", ID, "1");
  await pool.delete("a", ID, null);
  await pool.putOwn(ID, "a", "2");
  await pool.putOwn(ID, "a", "3");
  expect(await pool.get("a", ID)).toMatchObject({ text: "3", view: { id: ID, version: 2 } });
});

it("nothing begins under the id of a session that was over before its row was written", async () => {
  const { clock, rows, everysec } = setUp(1);
  await everysec.createOwn("a", ID, "1", { endsAtMs: everysec.memory.nowMs() + 10 });
  await everysec.create("a", "2");
  clock.advance(10);
  expect(rows.rows.size).toBe(0);
  expect(await code(everysec.createOwn("a", ID, "2"))).toBe("session-ended");
});
