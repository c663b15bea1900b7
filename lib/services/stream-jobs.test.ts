import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { type Clock, systemClock } from "../shared/clock.ts";
import { AppError } from "../shared/errors.ts";
import { BASE_BYTES, ByteBudget } from "../streaming/byte-budget.ts";
import { InlineParseHost } from "../streaming/parse-host.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { StreamJobRowsInMemory } from "../testing/stream-job-rows-in-memory.ts";
import { TestAccount } from "../testing/test-account.ts";
import type { StreamJobSpec, Upload } from "./stream-job-parts.ts";
import { StreamJobs } from "./stream-jobs.ts";

const directory = mkdtempSync(path.join(tmpdir(), "headroom-stream-jobs-"));
afterAll(() => rmSync(directory, { recursive: true }));

const NDJSON: StreamJobSpec = {
  target: "x",
  format: "ndjson",
  parse: { format: "ndjson", transform: {} },
  batchSize: 500,
};
const JSON_ARRAY: StreamJobSpec = { ...NDJSON, format: "json", parse: { format: "json", transform: {} } };

function setUp({
  streamBytes = 512 * MIB,
  clock = systemClock as Clock,
  patienceMs = 1,
  logs = directory,
  maxLogBytes = 64 * MIB,
} = {}) {
  const rows = new StreamJobRowsInMemory();
  const { table } = rows;
  const state = { sinkFails: false };
  const turn = () => new Promise(setImmediate);
  const names = new Set<number>();
  const account = new TestAccount(streamBytes);
  const onShort = (namespace: string, bytes: number) => jobs.makeRoom(namespace, bytes);
  const budget = new ByteBudget({ account, clock, patienceMs, onShort });
  const jobs = new StreamJobs({
    rows,
    host: new InlineParseHost(),
    budget,
    clock,
    nodeId: "node",
    directory: logs,
    maxLogBytes,
    progress: () => undefined,
    openSink: async () => ({
      maxBatch: 1000,
      async write({ offsets }) {
        if (state.sinkFails) throw new AppError("storage-unavailable", "no disk");
        for (const offset of offsets) names.add(offset);
        return { ids: offsets.map((offset) => `made-${offset}`), refusals: [] };
      },
    }),
  });
  return { jobs, rows, table, state, names, turn, account };
}

async function* chunks(...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  // A stream frees what it has read.
  for (const each of bytes) yield new Uint8Array(each);
}

async function* brokenOff(...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks(...bytes);
  throw new Error("reset");
}

function upload(body: AsyncIterable<Uint8Array>, more: Partial<Upload> = {}): Upload {
  return { body, encoding: "identity", complete: true, bytesTotal: null, ...more };
}

const lines = (count: number) =>
  Buffer.from(Array.from({ length: count }, (_, n) => `${JSON.stringify({ n })}\n`).join(""));
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A body that begins, and is never continued. */
async function* silence(...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks(...bytes);
  await new Promise(() => undefined);
}

const ended = (under: { ended: Promise<void> }) => under.ended.catch(() => undefined);

describe("stream jobs", () => {
  it("hold what they tell of records within one bound: the oldest stream's goes, and says so", async () => {
    const logs = mkdtempSync(path.join(directory, "bounded-"));
    // Each tells of two records, in more than half of that.
    const { jobs } = setUp({ logs, maxLogBytes: 200 });
    const send = async () => {
      const { job, under } = await jobs.start("n", JSON_ARRAY, upload(chunks(Buffer.from('[1,{"n":2}]'))));
      await ended(under);
      return job.id;
    };
    const first = await send();
    await expect.poll(() => readdirSync(logs)).toHaveLength(2);
    const second = await send();
    await expect.poll(() => readdirSync(logs)).not.toContain(`${first}.ndjson`);
    const [old, young] = [await jobs.find("n", first), await jobs.find("n", second)];
    await expect(old.rejects.read()).rejects.toMatchObject({ code: "not-found" });
    expect(await text(await young.rejects.read())).toContain('"excerpt":"1"');
    expect(old.view()).toMatchObject({ state: "completed", records: 1, rejected: 1 });
  });

  it.each([
    ["completed", '[1,{"n":2},3]'],
    ["failed", '[1,{"n":2},3] and more'],
    ["failed", '[1,{"n":2},3,'],
  ])("that %s tell all of their rejects and results: those of %s too", async (state, body) => {
    const { jobs, turn } = setUp();
    const { job, under } = await jobs.start("n", JSON_ARRAY, upload(chunks(Buffer.from(body))));
    await ended(under);
    // Its end is written once more, then it is known by its row alone.
    for (let turns = 0; turns < 3; turns++) await turn();
    const found = await jobs.find("n", job.id);
    const told = await text(await found.rejects.read());
    expect(await text(await found.results.read())).toBe('{"line":1,"offset":3,"id":"made-3"}\n');
    expect(found.view()).toMatchObject({ state, rejected: 2 });
    expect(
      told
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).excerpt),
    ).toEqual(["1", "3"]);
  });

  it("count each record once when a plain part is gone on with in gzip, from the offset that was told", async () => {
    const { jobs, names } = setUp();
    const job = await jobs.create("n", NDJSON);
    const all = lines(20_000);
    await ended(jobs.upload(job, upload(chunks(all.subarray(0, 100_000)), { complete: false })));
    const rest = gzipSync(all.subarray(job.uploadOffset));
    await ended(jobs.upload(job, upload(chunks(rest), { encoding: "gzip" })));
    expect([job.state, job.view().records, names.size]).toEqual(["completed", 20_000, 20_000]);
  });

  it("count each record once when a gzip body that broke off is sent plain, from the offset that was told", async () => {
    const { jobs, names } = setUp();
    const job = await jobs.create("n", NDJSON);
    const all = lines(200_000);
    const packed = gzipSync(all, { level: 1 });
    const some = Array.from({ length: 6 }, (_, at) => packed.subarray(at * 65_536, (at + 1) * 65_536));
    await ended(jobs.upload(job, upload(brokenOff(...some), { encoding: "gzip" })));
    expect(job.state).toBe("interrupted");
    await ended(jobs.upload(job, upload(chunks(all.subarray(job.uploadOffset)))));
    expect([job.state, job.view().records, names.size]).toEqual(["completed", 200_000, 200_000]);
  });

  it("count each element of an array once that was sent whole as a part", async () => {
    const { jobs, names } = setUp();
    const job = await jobs.create("n", JSON_ARRAY);
    const all = Buffer.from(JSON.stringify(Array.from({ length: 1000 }, (_, n) => ({ n }))));
    await ended(jobs.upload(job, upload(chunks(all), { complete: false })));
    await ended(jobs.upload(job, upload(chunks(all.subarray(job.uploadOffset)))));
    expect([job.state, job.view().records, names.size]).toEqual(["completed", 1000, 1000]);
  });

  it("are open 64 at a time, those that are gone on with included", async () => {
    const { jobs } = setUp();
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    async function* idle(): AsyncGenerator<Uint8Array> {
      await left;
      yield* chunks();
    }
    const made = [];
    for (let count = 0; count < 80; count++) made.push(await jobs.create("n", NDJSON));
    const under = made.map((job) => {
      try {
        return jobs.upload(job, upload(idle())).ended;
      } catch (error) {
        return error;
      }
    });
    expect(jobs.open).toBe(64);
    expect(under[79]).toMatchObject({ code: "overloaded" });
    leave();
    await Promise.allSettled(under);
    expect(jobs.open).toBe(0);
  });

  it.each([
    ["br", 24, 16],
    ["br", 16, 0],
    ["gzip", 0, 0],
  ] as const)(
    "hold what the decoder of a %s body takes (window 2^%i), until its client leaves",
    async (encoding, bits, mib) => {
      const { jobs, account } = setUp();
      const job = await jobs.create("n", NDJSON);
      const params = { [constants.BROTLI_PARAM_LGWIN]: bits, [constants.BROTLI_PARAM_QUALITY]: 1 };
      const packed = encoding === "br" ? brotliCompressSync(lines(1_000), { params }) : gzipSync(lines(1_000));
      const isRead = deferred();
      const leaves = deferred();
      async function* held(): AsyncGenerator<Uint8Array> {
        yield packed.subarray(0, 2);
        yield packed.subarray(2, -2);
        isRead.resolve();
        await leaves.promise;
        throw new Error("reset");
      }
      const under = jobs.upload(job, upload(held(), { encoding }));
      await isRead.promise;
      const beside = account.grantedBytes - BASE_BYTES - mib * MIB;
      expect(beside).toBeGreaterThanOrEqual(64 * 1024);
      expect(beside).toBeLessThanOrEqual(5 * MIB);
      leaves.resolve();
      await ended(under);
      expect([job.state, account.grantedBytes]).toEqual(["interrupted", 0]);
    },
  );

  it("are refused when base and decoder do not fit together, and nothing stays taken", async () => {
    const { jobs, account } = setUp({ streamBytes: BASE_BYTES + 16 * MIB });
    const job = await jobs.create("n", NDJSON);
    const body = brotliCompressSync(lines(10), { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });
    await expect(jobs.upload(job, upload(chunks(body), { encoding: "br" })).ended).rejects.toMatchObject({
      code: "memory-pressure",
    });
    expect([account.grantedBytes, job.resumable]).toEqual([0, true]);
  });

  it("ask for the larger window of a later part of the body, and end where it is not to be had", async () => {
    const { jobs, account, names } = setUp({ streamBytes: BASE_BYTES + 8 * MIB });
    const job = await jobs.create("n", NDJSON);
    const packed = (bits: number) =>
      brotliCompressSync(lines(10), { params: { [constants.BROTLI_PARAM_LGWIN]: bits } });
    const body = upload(chunks(packed(16), packed(24)), { encoding: "br" });
    await expect(jobs.upload(job, body).ended).rejects.toMatchObject({ code: "memory-pressure" });
    expect([account.grantedBytes, job.resumable, names.size]).toEqual([0, true, 10]);
  });

  it("free a decoder that waits for more of the body as soon as they are cancelled", async () => {
    const { jobs, account } = setUp();
    const job = await jobs.create("n", NDJSON);
    const body = brotliCompressSync(lines(1_000));
    const isRead = deferred();
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield body.subarray(0, -2);
      isRead.resolve();
      await new Promise(() => undefined);
    }
    const under = jobs.upload(job, upload(silent(), { encoding: "br" }));
    await isRead.promise;
    await Promise.all([jobs.cancel(job), ended(under)]);
    expect([job.state, account.grantedBytes]).toEqual(["cancelled", 0]);
  });

  it("of a namespace that has none get a place at once when another holds all, the longest silent one's", async () => {
    const { jobs, table } = setUp();
    const held = await Promise.all(Array.from({ length: 64 }, () => jobs.start("greedy", NDJSON, upload(silence()))));
    await expect(jobs.start("greedy", NDJSON, upload(silence()))).rejects.toMatchObject({ code: "overloaded" });
    const before = table.size;
    const { job, under } = await jobs.start("other", NDJSON, upload(chunks(lines(5))));
    await under.ended;
    expect([job.state, table.size]).toEqual(["completed", before + 1]);
    await expect(held[0]?.under.ended).rejects.toMatchObject({ code: "overloaded" });
    expect(held[0]?.job.view()).toMatchObject({ state: "interrupted", resumable: true, error: { code: "gave-way" } });
    expect(held.filter(({ job: { active } }) => active)).toHaveLength(63);
    await Promise.all(held.map(({ job: each }) => each.active && jobs.cancel(each)));
  });

  it("pass no bound when a hundred are begun in one moment, and those refused leave no row", async () => {
    const { jobs, table } = setUp();
    const begun = await Promise.allSettled(
      Array.from({ length: 100 }, () => jobs.start("n", NDJSON, upload(silence()))),
    );
    const made = begun.flatMap((each) => (each.status === "fulfilled" ? [each.value.job] : []));
    expect([made.length, jobs.open, table.size]).toEqual([64, 64, 64]);
    await Promise.all(made.map((job) => jobs.cancel(job)));
    expect(jobs.open).toBe(0);
  });

  it.each(["identity", "br"] as const)(
    "lose their place after a minute of silence (%s), and can be gone on with",
    async (encoding) => {
      const clock = new FakeClock();
      const { jobs, account } = setUp({ clock });
      const isAwaited = deferred();
      async function* silent(): AsyncGenerator<Uint8Array> {
        yield encoding === "br" ? brotliCompressSync(lines(1_000)).subarray(0, 100) : lines(3);
        isAwaited.resolve();
        await new Promise(() => undefined);
      }
      const { job, under } = await jobs.start("n", NDJSON, upload(silent(), { encoding }));
      await isAwaited.promise;
      clock.advance(59_999);
      expect(job.active).toBe(true);
      clock.advance(1);
      await expect(under.ended).rejects.toMatchObject({ code: "request-timeout" });
      expect([job.state, job.resumable, jobs.open, account.grantedBytes]).toEqual(["interrupted", true, 0, 0]);
    },
  );

  it("of a namespace that holds no memory get some when another's hold all of it", async () => {
    const { jobs } = setUp({ streamBytes: 4 * BASE_BYTES, patienceMs: 10_000 });
    const held = await Promise.all(Array.from({ length: 4 }, () => jobs.start("greedy", NDJSON, upload(silence()))));
    while (held.some(({ job }) => job.state !== "running")) await new Promise(setImmediate);
    const { job, under } = await jobs.start("other", NDJSON, upload(chunks(lines(5))));
    await under.ended;
    expect(job.state).toBe("completed");
    expect(held.filter((each) => each.job.active)).toHaveLength(3);
    await Promise.all(held.map((each) => each.job.active && jobs.cancel(each.job)));
    await Promise.allSettled(held.map((each) => each.under.ended));
  });

  it("keep what they told of records while an upload that would go on is refused, and tell it once when one does", async () => {
    const { jobs, state, account } = setUp();
    const job = await jobs.create("n", NDJSON);
    const body = Buffer.from('{"n":1}\nbad\n{"n":2}\n');
    state.sinkFails = true;
    await ended(jobs.upload(job, upload(chunks(body))));
    state.sinkFails = false;
    const told = await text(await job.rejects.read());
    expect([job.view().rejected, told]).toEqual([1, expect.stringContaining('"excerpt":"bad"')]);
    account.throttled = true;
    await expect(jobs.upload(job, upload(chunks(body))).ended).rejects.toMatchObject({ code: "memory-pressure" });
    expect([job.view().rejected, await text(await job.rejects.read())]).toEqual([1, told]);
    account.throttled = false;
    await jobs.upload(job, upload(chunks(body))).ended;
    expect(job.view()).toMatchObject({ state: "completed", records: 2, rejected: 1 });
    expect(await text(await job.rejects.read())).toBe(told);
  });

  it("stay cancelled when somebody goes on with one at the same moment", async () => {
    const { jobs, table, turn } = setUp();
    const { id } = await jobs.create("n", NDJSON);
    const cancelled = jobs.find("n", id).then((job) => jobs.cancel(job));
    const goneOn = jobs.find("n", id).then((job) => jobs.upload(job, upload(chunks(lines(5)))).ended);
    await Promise.allSettled([cancelled, goneOn]);
    await turn();
    await turn();
    expect(table.get(id)?.state).toBe("cancelled");
  });

  it("do not keep one that is over for an upload that was refused", async () => {
    const { jobs, turn } = setUp();
    const job = await jobs.create("n", NDJSON);
    await jobs.upload(job, upload(chunks(lines(5)))).ended;
    await turn();
    await turn();
    const found = await jobs.find("n", job.id);
    expect(() => jobs.upload(found, upload(chunks()))).toThrow(/completed/);
    expect(await jobs.find("n", job.id)).not.toBe(found);
  });

  it("say what went wrong when the first row cannot be written, instead of waiting for ever", async () => {
    const { jobs, rows } = setUp();
    const job = await jobs.create("n", NDJSON);
    rows.failingSaves = 1;
    await ended(jobs.upload(job, upload(chunks(lines(5)))));
    expect(job.state).not.toBe("queued");
    expect(job.view().error).not.toBeNull();
  });
});
