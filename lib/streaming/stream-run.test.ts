import { afterEach, describe, expect, it, vi } from "vitest";
import type { MemoryAccount } from "../ports/memory-account.ts";
import type { RecordSink, SinkBatch } from "../ports/stream-sink.ts";
import { MIB } from "../shared/bytes.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { BASE_BYTES, ByteBudget, LARGE_RECORD_BYTES } from "./byte-budget.ts";
import type { ParseSpec } from "./job-spec.ts";
import { InlineParseHost, SLOT_BYTES, SLOTS } from "./parse-host.ts";
import type { Reject } from "./parsers/parser.ts";
import type { Lines, RunFigures, StreamResult } from "./run-figures.ts";
import { StreamFaultError, StreamRun } from "./stream-run.ts";

class TestAccount implements MemoryAccount {
  readonly component = "streams";
  readonly ceilingBytes: number;
  grantedBytes = 0;
  peakBytes = 0;

  constructor(ceilingBytes: number) {
    this.ceilingBytes = ceilingBytes;
  }

  tryReserve(bytes: number): boolean {
    if (this.grantedBytes + bytes > this.ceilingBytes) return false;
    this.grantedBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.grantedBytes);
    return true;
  }

  release(bytes: number): void {
    if (bytes > this.grantedBytes) throw new RangeError("more than granted");
    this.grantedBytes -= bytes;
  }
}

const START: RunFigures = { state: null, records: 0, filtered: 0, rejected: 0, rejectBytes: 0 };
const NDJSON: ParseSpec = { format: "ndjson", transform: {} };

/** A sink that waits until it is told to go on. */
class SlowSink implements RecordSink {
  readonly maxBatch = 1000;
  readonly written: unknown[] = [];
  batches = 0;
  #gate: Promise<void>;
  #open: () => void = () => undefined;

  constructor(open: boolean) {
    this.#gate = open ? Promise.resolve() : new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  async write(batch: SinkBatch) {
    await this.#gate;
    this.batches++;
    this.written.push(...batch.records);
    return { ids: batch.records.map((record) => String(Object(record).id)), refusals: [] };
  }
}

afterEach(() => vi.restoreAllMocks());

function setUp(ceilingBytes = 512 * MIB, logEntries = Number.POSITIVE_INFINITY) {
  const account = new TestAccount(ceilingBytes);
  const clock = new FakeClock();
  const budget = new ByteBudget({ account, clock });
  const rejects: Reject[] = [];
  const results: StreamResult[] = [];
  const kept = (list: object[]): Lines => ({
    get bytes() {
      return list.length;
    },
    get full() {
      return list.length >= logEntries;
    },
    append: async (entries) => void list.push(...entries),
  });
  const abort = new AbortController();
  const totals = { records: 0, rejects: 0 };
  const make = (sink: RecordSink | null, spec = NDJSON, from = START) =>
    new StreamRun({
      spec,
      host: new InlineParseHost(),
      budget,
      owner: "n",
      sink,
      batchSize: 100,
      rejects: kept(rejects),
      results: kept(results),
      from,
      signal: abort.signal,
      totals,
    });
  return { account, clock, budget, rejects, results, abort, totals, make };
}

const lines = (count: number, from = 0) =>
  Buffer.from(Array.from({ length: count }, (_, i) => `{"id":${from + i},"text":"${"x".repeat(80)}"}\n`).join(""));

describe("StreamRun", () => {
  it("counts the records and rejects of all runs, those of the store and those of the text", async () => {
    const { make, totals } = setUp();
    const sink: RecordSink = {
      maxBatch: 10,
      write: async () => ({ ids: [], refusals: [{ index: 0, code: "item-too-large", message: "not this one" }] }),
    };
    for (const [target, text] of [
      [sink, lines(20)],
      [null, Buffer.concat([lines(3), Buffer.from("{broken\n")])],
    ] as const) {
      const run = make(target);
      await run.open();
      await run.write(text);
      await run.finish(true);
      run.close();
    }
    expect(totals).toEqual({ records: 18 + 3, rejects: 2 + 1 });
  });

  it("keeps records in their order, in batches, and gives back all it took", async () => {
    const { account, make } = setUp();
    const sink = new SlowSink(true);
    const run = make(sink);
    await run.open();
    expect(account.grantedBytes).toBe(BASE_BYTES);
    const bytes = lines(20_000);
    for (let at = 0; at < bytes.length; at += 65_536) await run.write(bytes.subarray(at, at + 65_536));
    await run.finish(true);
    run.close();
    expect(run.figures).toMatchObject({ records: 20_000, rejected: 0 });
    expect(sink.written.map((record) => Object(record).id)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect(sink.batches).toBeGreaterThanOrEqual(200);
    expect(account.grantedBytes).toBe(0);
  });

  it("reads no further than its slots while the sink is slow", async () => {
    const { make } = setUp();
    const sink = new SlowSink(false);
    const run = make(sink);
    await run.open();
    const bytes = lines(100_000);
    let written = 0;
    const reading = (async () => {
      for (let at = 0; at < bytes.length; at += 65_536) {
        await run.write(bytes.subarray(at, at + 65_536));
        written = at + 65_536;
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    expect(written).toBeLessThanOrEqual(SLOTS * SLOT_BYTES);
    expect(run.bufferedBytes).toBeLessThanOrEqual(SLOTS * SLOT_BYTES + 200);
    sink.open();
    await reading;
    await run.finish(true);
    expect(run.figures.records).toBe(100_000);
    expect(run.peakBufferedBytes).toBeLessThanOrEqual(SLOTS * SLOT_BYTES + 200);
    run.close();
  });

  it("stops after the batch under way when it is cancelled", async () => {
    const { account, abort, make } = setUp();
    const sink = new SlowSink(false);
    const run = make(sink);
    await run.open();
    await run.write(lines(2000));
    abort.abort(new Error("cancelled"));
    await expect(run.write(lines(1))).rejects.toThrow("cancelled");
    sink.open();
    await run.abandon();
    run.close();
    expect(sink.batches).toBeLessThanOrEqual(1);
    expect(run.figures.records).toBe(sink.written.length);
    expect(account.grantedBytes).toBe(0);
  });

  it("goes on from its checkpoint without losing or doubling a record", async () => {
    const bytes = Buffer.concat([lines(3000), Buffer.from("bad\n"), lines(3000, 3000)]);
    for (const cut of [1, 1000, 150_000, 299_990, bytes.length]) {
      const { make, rejects } = setUp();
      const sink = new SlowSink(true);
      const first = make(sink);
      await first.open();
      await first.write(bytes.subarray(0, cut));
      await first.finish(false);
      first.close();
      const second = make(sink, NDJSON, first.checkpoint);
      await second.open();
      await second.write(bytes.subarray(first.checkpoint.state?.offset ?? 0));
      await second.finish(true);
      second.close();
      expect(second.figures).toMatchObject({ records: 6000, rejected: 1 });
      expect(sink.written.map((record) => Object(record).id)).toEqual(Array.from({ length: 6000 }, (_, i) => i));
      expect(rejects).toMatchObject([{ line: 3001 }]);
    }
  });

  it("tells the id of each record that was kept, with the line and offset it came from", async () => {
    const { make, results } = setUp();
    const sink: RecordSink = {
      maxBatch: 2,
      write: async ({ records }) => ({
        ids: records.map((record) => (Object(record).id === 1 ? null : `kept-${Object(record).id}`)),
        refusals: records.flatMap((record, index) =>
          Object(record).id === 1 ? [{ index, code: "validation-failed" as const, message: "not this one" }] : [],
        ),
      }),
    };
    const run = make(sink);
    await run.open();
    await run.write(Buffer.from('{"id":0}\nbad\n{"id":1}\n{"id":2}\n'));
    await run.finish(true);
    run.close();
    expect(results).toEqual([
      { line: 1, offset: 0, id: "kept-0" },
      { line: 4, offset: 22, id: "kept-2" },
    ]);
    expect(run.figures.resultBytes).toBe(2);
  });

  it("describes no more rejects, of the text or of the store, when their log is full", async () => {
    const { make, rejects } = setUp(512 * MIB, 1);
    const sink: RecordSink = {
      maxBatch: 1000,
      write: async ({ records }) => ({
        ids: [],
        refusals: records.map((_, index) => ({ index, code: "validation-failed" as const, message: "no" })),
      }),
    };
    const run = make(sink);
    await run.open();
    await run.write(Buffer.from("bad\n"));
    await run.finish(false);
    const parse = vi.spyOn(JSON, "parse");
    const stringify = vi.spyOn(JSON, "stringify");
    await run.write(Buffer.from(`${"bad\n".repeat(500)}{}\n`));
    await run.finish(true);
    run.close();
    expect(run.figures).toMatchObject({ records: 0, rejected: 502 });
    expect(rejects).toHaveLength(1);
    expect(parse.mock.calls.length).toBeLessThan(10);
    expect(stringify).not.toHaveBeenCalled();
  });

  it("asks for memory before it holds a large record, and gives it back after", async () => {
    const { account, make } = setUp();
    const run = make(null);
    await run.open();
    const large = Buffer.from(`"${"x".repeat(5 * MIB)}"\n`);
    for (let at = 0; at < large.length; at += 65_536) await run.write(large.subarray(at, at + 65_536));
    await run.write(lines(10));
    await run.finish(true);
    expect(account.peakBytes).toBe(BASE_BYTES + LARGE_RECORD_BYTES);
    expect(account.grantedBytes).toBe(BASE_BYTES);
    expect(run.figures.records).toBe(11);
    run.close();
  });

  it("refuses a large record when there is no memory for it, and takes the next", async () => {
    const { account, clock, make, rejects, budget } = setUp(10 * MIB);
    const run = make(null);
    await run.open();
    const writing = (async () => {
      const large = Buffer.from(`"${"x".repeat(5 * MIB)}"\n{"ok":1}\n`);
      for (let at = 0; at < large.length; at += 65_536) await run.write(large.subarray(at, at + 65_536));
      await run.finish(true);
    })();
    for (let turn = 0; turn < 2000 && budget.waiting === 0; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(budget.waiting).toBe(1);
    clock.advance(60_000);
    await writing;
    expect(run.figures).toMatchObject({ records: 1, rejected: 1 });
    expect(rejects).toMatchObject([{ line: 1, offset: 0, code: "record-too-large" }]);
    expect(account.peakBytes).toBe(BASE_BYTES);
    run.close();
  });

  it("keeps what came before a fault, and says what it was", async () => {
    const { make } = setUp();
    const sink = new SlowSink(true);
    const run = make(sink, { format: "json", transform: {} });
    await run.open();
    await run.write(Buffer.from('[{"a":1},{"a":2},{"a":'));
    await expect(run.finish(true)).rejects.toThrow(StreamFaultError);
    expect(sink.written).toEqual([{ a: 1 }, { a: 2 }]);
    run.close();
  });
});

describe("ByteBudget", () => {
  it("serves who waits in order, within the ceiling, and lets an aborted one go", async () => {
    const account = new TestAccount(10);
    const budget = new ByteBudget({ account, clock: new FakeClock() });
    const order: string[] = [];
    expect(await budget.reserve(8)).toBe(true);
    const abort = new AbortController();
    const waits = [
      budget.reserve(6).then((granted) => order.push(`a ${granted}`)),
      budget.reserve(1, abort.signal).then((granted) => order.push(`b ${granted}`)),
      budget.reserve(4).then((granted) => order.push(`c ${granted}`)),
    ];
    expect(budget.waiting).toBe(3);
    abort.abort();
    budget.release(8);
    await Promise.all(waits);
    expect(order).toEqual(["b false", "a true", "c true"]);
    expect([account.grantedBytes, account.peakBytes]).toEqual([10, 10]);
  });

  it("gives up after its patience, so that a request is not held for ever", async () => {
    const clock = new FakeClock();
    const budget = new ByteBudget({ account: new TestAccount(10), clock, patienceMs: 500 });
    const refused = budget.reserve(11);
    clock.advance(499);
    expect(budget.waiting).toBe(1);
    clock.advance(1);
    expect(await refused).toBe(false);
  });
});
