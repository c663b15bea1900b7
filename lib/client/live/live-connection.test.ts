import { describe, expect, it } from "vitest";
import type { MemorySample } from "../../contracts/memory.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { backoffMs } from "./backoff.ts";
import { LiveConnection, type LiveSink } from "./live-connection.ts";
import { freshness } from "./live-state.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");

function sample(sequence: number): MemorySample {
  return {
    sequence,
    bootId: "boot",
    sampledAt: new Date(START + sequence * 1000).toISOString(),
    nodeId: "node",
    limitBytes: 1000,
    limitSource: "configured",
    usedBytes: 1,
    usedRatio: 0.001,
    level: "normal",
    process: {
      rssBytes: 1,
      heapUsedBytes: 1,
      heapTotalBytes: 1,
      heapLimitBytes: 1,
      externalBytes: 1,
      arrayBuffersBytes: 1,
    },
    container: { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null },
    breakdown: [{ component: "runtime", bytes: 1 }],
    gc: { minorCount: 0, majorCount: 0, pauseMs: 0, heapUsedAfterMajorBytes: null },
    eventLoop: { delayP99Ms: 0, utilizationRatio: 0 },
    activity: { requests: 0 },
  };
}

class FakeSocket {
  connects = 0;
  readonly #handlers = new Map<string, Set<(...values: never[]) => void>>();
  connect(): void {
    this.connects++;
  }
  disconnect(): void {
    this.#handlers.clear();
  }
  on(event: string, handler: (...values: never[]) => void): void {
    const set = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, set.add(handler));
  }
  off(event: string, handler: (...values: never[]) => void): void {
    this.#handlers.get(event)?.delete(handler);
  }
  emit(event: string, ...values: unknown[]): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(...(values as never[]));
  }
}

function setup(
  fetchAfter = async (after: number) => ({ samples: [sample(after + 1), sample(after + 2)], complete: true }),
) {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const shown: number[] = [];
  let reloads = 0;
  let connects = 0;
  const sink: LiveSink = {
    connected: () => connects++,
    sample: (push) => shown.push(push.sample.sequence),
    backfill: (samples) => shown.push(...samples.map(({ sequence }) => sequence)),
    reload: () => reloads++,
  };
  const live = new LiveConnection({ socket, sink, clock, random: () => 0, fetchAfter });
  const push = (sequence: number) => socket.emit("memory:sample", { sample: sample(sequence), stores: [] });
  return { socket, clock, shown, live, push, reloads: () => reloads, connects: () => connects };
}

/** Lets promises that are already settled run on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("live connection", () => {
  it("fills a hole between two samples before it shows the later one", async () => {
    const { live, push, shown } = setup();
    live.start(4);
    push(5);
    push(8);
    await settled();
    expect(shown).toEqual([5, 6, 7, 8]);
    expect(live.state.lastGap).toEqual({ state: "filled", samples: 2 });
  });

  it("keeps the order when samples come while a hole is being filled", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { live, push, shown } = setup(async (after) => {
      await gate;
      return { samples: [sample(after + 1)], complete: true };
    });
    live.start(1);
    push(3);
    push(4);
    push(5);
    release();
    await settled();
    expect(shown).toEqual([2, 3, 4, 5]);
  });

  it("leaves the hole open and goes on when the history cannot be had", async () => {
    const { live, push, shown } = setup(async () => {
      throw new Error("away");
    });
    live.start(1);
    push(9);
    await settled();
    expect(shown).toEqual([9]);
    expect(live.state.lastGap?.state).toBe("open");
  });

  it("asks for a full load when more was missed than it may fetch", async () => {
    const { live, push, reloads } = setup(async () => ({ samples: [], complete: false }));
    live.start(1);
    push(90_000);
    await settled();
    expect(reloads()).toBe(1);
  });

  it("shows nothing while paused, and afterwards what was missed", async () => {
    const { live, push, shown } = setup(async (after) => ({
      samples: [sample(after + 1), sample(after + 2)],
      complete: true,
    }));
    live.start(1);
    live.pause();
    push(2);
    push(3);
    await settled();
    expect(shown).toEqual([]);
    live.resume();
    await settled();
    expect(shown).toEqual([2, 3]);
  });

  it("holds a bounded number of samples while paused, and fills from the history what it dropped", async () => {
    const { live, push, shown } = setup(async (after) => ({
      samples: Array.from({ length: 500 - after }, (_, index) => sample(after + 1 + index)),
      complete: true,
    }));
    live.start(0);
    live.pause();
    for (let sequence = 1; sequence <= 500; sequence++) push(sequence);
    live.resume();
    await settled();
    expect([...new Set(shown)]).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it("tells its sink of each connection, since what came before it was told to nobody", () => {
    const { live, socket, connects } = setup();
    live.start(null);
    expect(connects()).toBe(0);
    socket.emit("connect");
    socket.emit("disconnect");
    socket.emit("connect");
    expect(connects()).toBe(2);
  });

  it("counts down to the next attempt, waits longer each time, and starts over once it was connected", () => {
    const { live, socket, clock } = setup();
    live.start(null);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      socket.emit("connect_error", new Error("refused"));
      waits.push((live.state.retryAtMs ?? 0) - clock.nowMs());
      clock.advance(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([250, 500, 1000]);
    expect(socket.connects).toBe(4);
    socket.emit("connect");
    socket.emit("disconnect");
    expect((live.state.retryAtMs ?? 0) - clock.nowMs()).toBe(250);
  });

  it("stays signed out, and tries no more, when the server says so before it closes", () => {
    const { live, socket, clock } = setup();
    live.start(null);
    socket.emit("connect");
    socket.emit("signed-out", { reason: "signed-out", message: "" });
    socket.emit("disconnect", "io server disconnect");
    clock.advance(600_000);
    expect([live.state.connection, live.state.refusal, socket.connects]).toEqual(["refused", "signed-out", 1]);
  });

  it("tells a sign-in that has ended from one that may not watch", () => {
    for (const [status, refusal] of [
      [401, "signed-out"],
      [403, "forbidden"],
    ]) {
      const { live, socket } = setup();
      live.start(null);
      socket.emit("connect_error", Object.assign(new Error("no"), { data: { status } }));
      expect([live.state.connection, live.state.refusal]).toEqual(["refused", refusal]);
    }
  });

  it("does not try again when the server refused the cookie", () => {
    const { live, socket, clock } = setup();
    live.start(null);
    socket.emit("connect_error", Object.assign(new Error("no"), { data: { status: 401 } }));
    clock.advance(60_000);
    expect([live.state.connection, socket.connects]).toEqual(["refused", 1]);
  });

  it("hears nothing and tries nothing after it was stopped", () => {
    const { live, socket, clock, push, shown } = setup();
    const stop = live.start(null);
    socket.emit("disconnect");
    stop();
    push(1);
    clock.advance(60_000);
    expect([shown, socket.connects]).toEqual([[], 1]);
  });

  it("calls figures stale after three sampling periods of silence, and not before", () => {
    const { live } = setup();
    const state = { ...live.state, connection: "connected" as const, receivedAtMs: 0, intervalMs: 30_000 };
    expect([freshness(state, 90_000), freshness(state, 90_001)]).toEqual(["live", "stale"]);
  });
});

describe("backoff", () => {
  it("never waits longer than 15 s, whatever the attempt", () => {
    for (let attempt = 0; attempt < 2000; attempt++) expect(backoffMs(attempt, 0.999)).toBeLessThanOrEqual(15_000);
  });
});
