import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";
import type { SamplePush } from "../../contracts/events.ts";
import type { MemoryReport, MemorySample } from "../../contracts/memory.ts";
import type { StreamJobView, StreamState } from "../../contracts/streams.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { memoryKeys } from "../queries/memory.ts";
import { type StreamPage, streamsQuery } from "../queries/streams.ts";
import { createQueryCacheSink, followJob } from "./query-cache-sink.ts";

function job(id: string, state: StreamState): StreamJobView {
  return {
    id,
    namespace: "default",
    state,
    target: "none",
    format: "ndjson",
    encoding: null,
    delimiter: null,
    bytesRead: 0,
    bytesTotal: null,
    records: 0,
    filtered: 0,
    comparedUnlike: 0,
    selectedNothing: 0,
    rejected: 0,
    bytesPerSecond: 0,
    bufferedBytes: 0,
    peakBufferedBytes: 0,
    uploadOffset: 0,
    resumable: true,
    error: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: null,
    finishedAt: null,
  };
}

const pageOf = (...items: StreamJobView[]): StreamPage => ({ items, nextCursor: null });

/** A list that is asked for now and answered when `answer` is called. */
function asked(client: QueryClient) {
  let answer: (page: StreamPage) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const queryFn = () =>
    new Promise<StreamPage>((resolve, reject) => {
      answer = resolve;
      fail = reject;
    });
  const ended = client.fetchQuery({ queryKey: streamsQuery.queryKey, queryFn, retry: false });
  return {
    async answer(page: StreamPage) {
      answer(page);
      await ended;
      await settled();
    },
    async fail() {
      fail(new Error("away"));
      await ended.catch(() => undefined);
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const states = (client: QueryClient) =>
  client.getQueryData<StreamPage>(streamsQuery.queryKey)?.items.map(({ id, state }) => `${id} ${state}`);

describe("news of a stream", () => {
  it("changes the list that is there, a new one on top", () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "running")));
    followJob(client, job("a", "completed"));
    followJob(client, job("b", "queued"));
    expect(states(client)).toEqual(["b queued", "a completed"]);
  });

  it("is not lost when it comes before the first answer, which was read before it", async () => {
    const client = new QueryClient();
    const list = asked(client);
    followJob(client, job("a", "running"));
    followJob(client, job("a", "completed"));
    await list.answer(pageOf());
    expect(states(client)).toEqual(["a completed"]);
  });

  it("is not undone by an older answer that comes after it", async () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "running")));
    const list = asked(client);
    followJob(client, job("a", "completed"));
    expect(states(client)).toEqual(["a completed"]);
    await list.answer(pageOf(job("a", "running")));
    expect(states(client)).toEqual(["a completed"]);
  });

  it("stays when the answer that was under way fails", async () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "running")));
    const list = asked(client);
    followJob(client, job("a", "completed"));
    await list.fail();
    expect(states(client)).toEqual(["a completed"]);
  });

  it("lets the list grow no longer than a page asks for", () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf());
    for (let id = 0; id < 250; id++) followJob(client, job(String(id), "completed"));
    expect(states(client)).toHaveLength(200);
    expect(states(client)?.[0]).toBe("249 completed");
  });
});

describe("a list beside its news", () => {
  /** A page that shows the streams, and the answers to what it asks. */
  function watched(client: QueryClient, staleTime = 0) {
    const answers: ((page: StreamPage) => void)[] = [];
    const queryFn = () => new Promise<StreamPage>((resolve) => answers.push(resolve));
    const observer = new QueryObserver(client, { queryKey: streamsQuery.queryKey, queryFn, staleTime, retry: false });
    const end = observer.subscribe(() => undefined);
    const answer = async (index: number, state: StreamState) => {
      answers[index]?.(pageOf(job("a", state)));
      await settled();
    };
    return { answers, answer, end };
  }

  it("gives the last of two events the last word, though it was asked for again between them", async () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "queued")));
    const { answer, end } = watched(client);
    followJob(client, job("a", "running"));
    void client.invalidateQueries({ queryKey: streamsQuery.queryKey });
    await settled();
    followJob(client, job("a", "completed"));
    await answer(1, "completed");
    expect(states(client)).toEqual(["a completed"]);
    end();
  });

  it("is not undone, once connected again, by what was told before the connection was lost", async () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "queued")));
    const { answer, end } = watched(client);
    followJob(client, job("a", "running"));
    createQueryCacheSink(client, new FakeClock()).connected();
    await settled();
    await answer(1, "completed");
    expect(states(client)).toEqual(["a completed"]);
    end();
  });

  it("is asked for again with the connection, though its first answer is under way", async () => {
    const client = new QueryClient();
    const { answers, answer, end } = watched(client);
    createQueryCacheSink(client, new FakeClock()).connected();
    await settled();
    await answer(0, "running");
    expect(answers).toHaveLength(2);
    await answer(1, "completed");
    expect(states(client)).toEqual(["a completed"]);
    end();
  });

  it("that nobody looked at while news were missed is asked for when somebody does, whatever news came since", async () => {
    const client = new QueryClient();
    client.setQueryData(streamsQuery.queryKey, pageOf(job("a", "running")));
    createQueryCacheSink(client, new FakeClock()).connected();
    await settled();
    followJob(client, job("b", "completed"));
    const { answers, end } = watched(client, Number.POSITIVE_INFINITY);
    await settled();
    expect(answers).toHaveLength(1);
    end();
  });
});

describe("the report", () => {
  function setup() {
    const client = new QueryClient();
    const clock = new FakeClock();
    const sink = createQueryCacheSink(client, clock);
    const asked = vi.spyOn(client, "invalidateQueries");
    const count = () => asked.mock.calls.filter(([filters]) => filters?.queryKey === memoryKeys.report).length;
    let sequence = 0;
    const push = () => {
      const sample = { sequence: ++sequence, sampledAt: new Date(clock.nowMs()).toISOString() } as MemorySample;
      sink.sample({ sample, stores: [] } satisfies SamplePush, [sample]);
    };
    return { client, clock, sink, count, push };
  }

  it("is asked for again with the first sample after connecting, and every 30 s while samples come", () => {
    const { clock, sink, count, push } = setup();
    sink.connected();
    push();
    expect(count()).toBe(1);
    for (let second = 0; second < 60; second++) {
      clock.advance(1000);
      push();
    }
    expect(count()).toBe(3);
    clock.advance(1000);
    sink.connected();
    expect(count()).toBe(3);
    push();
    expect(count()).toBe(4);
  });

  it("is asked for as often when somebody sets the clock back", () => {
    const { clock, count, push } = setup();
    push();
    clock.jumpWall(-3_600_000);
    clock.advance(30_000);
    push();
    expect(count()).toBe(2);
  });

  it("is not asked for while no samples come", () => {
    const { clock, sink, count } = setup();
    sink.connected();
    clock.advance(600_000);
    expect(count()).toBe(0);
  });

  it("keeps the newer of its own sample and a push", () => {
    const { client, push } = setup();
    client.setQueryData(memoryKeys.report, { sample: { sequence: 2 } } as MemoryReport);
    const shown = () => client.getQueryData<MemoryReport>(memoryKeys.report)?.sample.sequence;
    push();
    expect(shown()).toBe(2);
    push();
    push();
    expect(shown()).toBe(3);
  });
});
