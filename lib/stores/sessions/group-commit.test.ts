import { describe, expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { GroupCommit } from "./group-commit.ts";
import { UNPAID_USES, WriteQueue } from "./write-queue.ts";

const settled = () => new Promise(setImmediate);

/** A queue whose sessions' data lie in `memory`. */
function setUp() {
  const rows = new MapRows();
  const memory = new Map<string, Buffer>();
  const failures: unknown[] = [];
  const account = new TestAccount(64 * MIB, "sessions");
  const queue = new WriteQueue(account);
  queue.attach({ dataOf: (id) => memory.get(id) ?? null, makeRoom: () => false });
  const commits = new GroupCommit(queue, {
    rows,
    clock: new FakeClock(),
    durability: () => "everysec",
    uses: { demand: () => undefined, collect: () => undefined },
    onFailure: (error) => failures.push(error),
  });
  const put = async (id: string, text: string) => {
    const data = Buffer.from(text);
    const room = await commits.reserve(data.length);
    memory.set(id, data);
    const row = {
      id,
      ownId: null,
      namespace: "a",
      createdAtMs: 1,
      lastUsedAtMs: 1,
      idleTimeoutMs: 1,
      endsAtMs: 9,
      version: 1,
      tags: "",
      data: null,
    };
    queue.add({ kind: "put", row, dataBytes: data.length }, room);
  };
  const text = (id: string) => String(Buffer.from(rows.rows.get(id)?.data ?? []));
  return { queue, commits, rows, memory, account, failures, put, text };
}

function gate(rows: MapRows): () => void {
  const resolvers: (() => void)[] = [];
  rows.gate = new Promise((resolve) => resolvers.push(resolve));
  return () => {
    rows.gate = null;
    resolvers.pop()?.();
  };
}

describe("GroupCommit and its WriteQueue", () => {
  it("commits the data that memory had when the commit began, whatever comes over them meanwhile", async () => {
    const { commits, rows, memory, put, text } = setUp();
    await put("s", "first");
    const open = gate(rows);
    const flushed = commits.flush();
    await settled();
    memory.get("s")?.fill("x");
    open();
    await flushed;
    expect(text("s")).toBe("first");
  });

  it("commits what left memory before, with the data that it left with", async () => {
    const { commits, queue, memory, put, text } = setUp();
    await put("s", "leaving");
    queue.detach("s");
    memory.get("s")?.fill("x");
    memory.delete("s");
    await commits.flush();
    expect(text("s")).toBe("leaving");
  });

  it("gives what leaves memory a buffer of its own, and no place in a larger one that it would keep", async () => {
    const { commits, queue, rows, put } = setUp();
    await put("s", "small");
    queue.detach("s");
    const apply = rows.apply.bind(rows);
    const buffers: number[] = [];
    rows.apply = async (changes) => {
      for (const change of changes) if (change.kind === "put") buffers.push(change.row.data.buffer.byteLength);
      await apply(changes);
    };
    await commits.flush();
    expect(buffers).toEqual(["small".length]);
  });

  it("gives up a change whose data are gone, says so once, and commits all the others", async () => {
    const { commits, queue, memory, account, failures, put, text } = setUp();
    await put("s", "kept");
    await put("gone", "lost");
    await put("t", "kept too");
    memory.delete("gone");
    await commits.flush();
    expect(String(failures)).toMatch(/left memory/);
    await commits.flush();
    expect([text("s"), text("t"), text("gone")]).toEqual(["kept", "kept too", ""]);
    expect([failures.length, commits.failure, queue.heldBytes, account.grantedBytes]).toEqual([1, null, 0, 0]);
  });

  it("hands out data that the next commit does not write over", async () => {
    const { commits, queue, rows, put } = setUp();
    await put("s", "being committed");
    const open = gate(rows);
    const flushed = commits.flush();
    await settled();
    const change = queue.latest("s");
    open();
    await flushed;
    await put("t", "another session");
    await commits.flush();
    expect(change?.kind === "put" && String(Buffer.from(change.row.data))).toBe("being committed");
  });

  it("keeps the data of a commit that failed through the commits after it, and gives all its room back", async () => {
    const { commits, queue, rows, memory, account, failures, put, text } = setUp();
    await put("s", "kept");
    rows.failure = new Error("no disk");
    await commits.flush();
    memory.clear();
    await commits.flush();
    expect(failures).toHaveLength(2);
    rows.failure = null;
    const room = queue.tryReserve(4);
    memory.set("t", Buffer.from("more"));
    const row = {
      id: "t",
      ownId: null,
      namespace: "a",
      createdAtMs: 1,
      lastUsedAtMs: 1,
      idleTimeoutMs: 1,
      endsAtMs: 9,
      version: 1,
      tags: "",
      data: null,
    };
    if (room) queue.add({ kind: "put", row, dataBytes: 4 }, room);
    await commits.flush();
    expect([text("s"), text("t")]).toEqual(["kept", "more"]);
    expect([queue.heldBytes, account.grantedBytes]).toEqual([0, 0]);
  });

  it("takes a small change in the room of the one it replaces, however full the queue is", async () => {
    const { commits, queue, put, rows } = setUp();
    await put("s", "gone soon");
    const rest = queue.tryReserve(8 * MIB - queue.heldBytes - 512);
    expect(rest).not.toBeNull();
    expect(queue.addDeletion("other", null)).toBe(false);
    expect(queue.addDeletion("s", null)).toBe(true);
    if (rest) queue.release(rest);
    await commits.flush();
    expect(rows.rows.size).toBe(0);
    expect(queue.heldBytes).toBe(0);
  });

  it("keeps last uses without a byte granted, each session once and at most 1,024, and takes more when they are committed", async () => {
    const { commits, queue, account, rows, put } = setUp();
    for (let i = 0; i <= UNPAID_USES; i++) await put(`s${i}`, "x");
    await commits.flush();
    const all = account.grantedBytes;
    account.tryReserve(account.ceilingBytes - all);
    for (let turn = 1; turn <= 3; turn++)
      for (let i = 0; i < UNPAID_USES; i++)
        expect(queue.addUse({ kind: "use", id: `s${i}`, lastUsedAtMs: turn })).toBe(true);
    expect([queue.addUse({ kind: "use", id: `s${UNPAID_USES}`, lastUsedAtMs: 3 }), queue.heldBytes]).toEqual([
      false,
      0,
    ]);
    rows.failure = new Error("no disk");
    await commits.flush();
    expect(queue.canKeepUse).toBe(false);
    rows.failure = null;
    await commits.flush();
    expect(queue.addUse({ kind: "use", id: `s${UNPAID_USES}`, lastUsedAtMs: 4 })).toBe(true);
    await commits.flush();
    expect([...rows.rows.values()].map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([
      ...new Array(UNPAID_USES).fill(3),
      4,
    ]);
    expect(queue.heldBytes).toBe(0);
  });
});
