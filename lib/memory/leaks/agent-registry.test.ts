import { describe, expect, it } from "vitest";
import type { AgentSamples } from "../../contracts/leaks.ts";
import { Ledger } from "../ledger.ts";
import { AgentRegistry, MAX_AGENTS } from "./agent-registry.ts";
import { WATCH_BYTES } from "./watch-room.ts";
import { MAX_PROCESSES, type WatchedService } from "./watched-service.ts";

const MIB = 2 ** 20;
const PERIOD_MS = 30_000;

const sample = (sequence: number, growing = 0): AgentSamples["samples"][number] => ({
  sequence,
  sampledAt: new Date(sequence * PERIOD_MS).toISOString(),
  process: {
    rssBytes: 100 * MIB + growing * sequence,
    heapUsedBytes: 1e7,
    heapTotalBytes: 2e7,
    externalBytes: 4 * MIB + growing * sequence,
    arrayBuffersBytes: 2 * MIB + growing * sequence,
  },
  gc: { heapUsedAfterMajorBytes: null },
  activity: { requests: 1 },
});

/** One process that reports under a name, by a clock of its own that ticks with its posts. */
function reporter(registry: AgentRegistry, bootId: string, growing = 0) {
  let sequence = 0;
  return {
    post: (nowMs: number) =>
      registry.push("default", "api", { bootId, sampleMs: PERIOD_MS, samples: [sample(sequence++, growing)] }, nowMs),
  };
}

function run(from: number, to: number, reporters: readonly ReturnType<typeof reporter>[]): void {
  for (let tick = from; tick < to; tick++) for (const each of reporters) each.post(tick * PERIOD_MS);
}

const service = (registry: AgentRegistry): WatchedService => {
  const found = registry.find("default", "api");
  if (!found) throw new Error("the service is not watched");
  return found;
};
const LEAK = 0.5 * MIB;
const room = (watches = 1_000) =>
  new Ledger({ limitBytes: watches * WATCH_BYTES, runtimeBytes: 0 }).open("watches", "runtime", watches * WATCH_BYTES);

describe("AgentRegistry", () => {
  it("holds at most 24 services after each of 100, and lets the longest unheard go", () => {
    const registry = new AgentRegistry(0, room());
    for (let i = 0; i < 100; i++) {
      registry.push("default", `service-${i}`, { samples: [sample(0)] }, i);
      registry.push("default", "kept", { samples: [sample(i)] }, i);
      expect(registry.size).toBeLessThanOrEqual(MAX_AGENTS);
    }
    expect(registry.find("default", "kept")?.worst().watch.detector.samples).toBe(100);
    expect(registry.find("default", "service-0")).toBeNull();
  });

  it("pays for each watched process, gives back for each it forgets, and watches none that it cannot pay for", () => {
    // Of four one is left for other namespaces.
    const account = room(4);
    const registry = new AgentRegistry(0, account);
    const [first, second] = [reporter(registry, "first"), reporter(registry, "second")];
    run(0, 2, [first, second]);
    expect(account.grantedBytes).toBe(2 * WATCH_BYTES);
    expect(registry.push("default", "other", { bootId: "a", samples: [sample(0)] }, 60_000).accepted).toBe(1);
    const refused = registry.push("default", "other", { bootId: "b", samples: [sample(0)] }, 60_000);
    expect([refused.accepted, refused.notWatched, account.grantedBytes]).toEqual([0, "no-memory", 3 * WATCH_BYTES]);
    // The first stops, the second goes on: an hour later the first is forgotten.
    run(2, 130, [second]);
    expect(account.grantedBytes).toBe(2 * WATCH_BYTES);
    for (let i = 0; i < 2 * MAX_AGENTS; i++) registry.push("default", `new-${i}`, { samples: [] }, 130 * PERIOD_MS + i);
    expect(account.grantedBytes).toBeLessThanOrEqual(3 * WATCH_BYTES);
  });

  it("charges nothing for a post without samples, and tells which process is not watched, until it is", () => {
    const account = room(2);
    const registry = new AgentRegistry(0, account);
    for (let i = 0; i < MAX_PROCESSES; i++) {
      expect(registry.push("default", "empty", { bootId: `${i}`, samples: [] }, i).notWatched).toBeNull();
    }
    expect(account.grantedBytes).toBe(0);
    registry.push("default", "first", { bootId: "a", samples: [sample(0)] }, 0);
    registry.push("default", "second", { bootId: "b", samples: [sample(0)] }, 0);
    const refused = () => registry.find("default", "second")?.worst().refused;
    expect([account.grantedBytes, refused()]).toEqual([WATCH_BYTES, true]);
    // A minute later both still report; then the first falls silent, and what it held watches the second.
    registry.push("default", "second", { bootId: "b", samples: [sample(1)] }, PERIOD_MS);
    expect(refused()).toBe(true);
    registry.push("default", "second", { bootId: "b", samples: [sample(2)] }, 4 * PERIOD_MS);
    expect([account.grantedBytes, refused()]).toEqual([WATCH_BYTES, false]);
    expect(registry.find("default", "first")?.worst()).toMatchObject({ charged: false, bootId: "a" });
  });

  it("leaves room for other namespaces' watches, however many processes one sends samples of", () => {
    const account = room(36);
    const registry = new AgentRegistry(0, account);
    const post = (namespace: string, i: number) =>
      registry.push(namespace, `service-${i % 3}`, { bootId: `${i}`, samples: [sample(0)] }, i).notWatched;
    const greedy = Array.from({ length: 48 }, (_, i) => post("greedy", i)).filter((reason) => reason === null);
    expect(greedy).toHaveLength(32);
    expect([0, 1, 2].map((i) => post("other", i))).toEqual([null, null, null]);
    expect(account.grantedBytes).toBe(35 * WATCH_BYTES);
  });

  it("forgets no watch of another namespace for one that has its share while memory is free", () => {
    const account = room(16);
    const registry = new AgentRegistry(0, account);
    const post = (namespace: string, i: number, atMs: number) =>
      registry.push(namespace, "service", { bootId: `${namespace}${i}`, samples: [sample(0)] }, atMs).notWatched;
    for (const i of [0, 1]) post("quiet", i, 0);
    const later = 4 * PERIOD_MS;
    const greedy = Array.from({ length: MAX_PROCESSES }, (_, i) => post("greedy", i, later)).filter(
      (why) => why === null,
    );
    expect(registry.find("default", "service")).toBeNull();
    const kept = registry.find("quiet", "service");
    expect([kept?.worst().charged, account.grantedBytes]).toEqual([true, (greedy.length + 2) * WATCH_BYTES]);
    expect(greedy.length).toBeLessThan(14);
  });

  it("gives a silent service's memory back within the hour, and what was said of it stays until it is judged again", () => {
    const account = room();
    const registry = new AgentRegistry(0, account);
    const leaking = reporter(registry, "a", LEAK);
    run(0, 150, [leaking]);
    registry.settle(150 * PERIOD_MS + 3_500_000);
    expect([account.grantedBytes, service(registry).worst().watch.state]).toEqual([WATCH_BYTES, "confirmed"]);
    registry.settle(150 * PERIOD_MS + 3_600_000);
    expect(account.grantedBytes).toBe(0);
    expect(service(registry).worst().watch.report()).toMatchObject({ before: { state: "confirmed" } });
    leaking.post(300 * PERIOD_MS);
    expect([account.grantedBytes, service(registry).worst().watch.detector.samples]).toEqual([WATCH_BYTES, 1]);
    expect(service(registry).worst().watch.report()).toMatchObject({ before: { state: "confirmed" } });
  });

  it("forgets no other namespace's service for the many of one, however they alternate", () => {
    const registry = new AgentRegistry(0, room());
    registry.push("quiet", "api", { samples: [sample(0)] }, 0);
    for (let i = 0; i < 100; i++) {
      registry.push("greedy", `service-${i}`, { samples: [] }, i);
      if (i % 10 === 0) registry.push("second", `service-${i}`, { samples: [] }, i);
      expect(registry.size).toBeLessThanOrEqual(MAX_AGENTS);
    }
    expect(registry.find("quiet", "api")?.worst().watch.detector.samples).toBe(1);
    expect(registry.list("second")).toHaveLength(10);
    expect(registry.list("greedy")).toHaveLength(MAX_AGENTS - 11);
  });

  it("takes a sample once, though it is sent twice, and watches a process that restarts again", () => {
    const registry = new AgentRegistry(0, room());
    const body = { bootId: "a", samples: [sample(0), sample(1)] };
    expect(registry.push("default", "api", body, 0).accepted).toBe(2);
    expect(registry.push("default", "api", body, 0).accepted).toBe(0);
    expect(registry.push("default", "api", { ...body, bootId: "b" }, 0).accepted).toBe(2);
  });

  it("keeps namespaces apart", () => {
    const registry = new AgentRegistry(0, room());
    registry.push("one", "api", { samples: [sample(0)] }, 0);
    expect(registry.find("two", "api")).toBeNull();
    expect(registry.list("two")).toEqual([]);
  });
});

describe("Processes that report under one name", () => {
  it("are watched apart while they report side by side: the leaking one is found, and stands for the service", () => {
    const registry = new AgentRegistry(0, room());
    const workers = [reporter(registry, "a"), reporter(registry, "b", LEAK), reporter(registry, "c")];
    run(0, 150, workers);
    expect(service(registry).worst()).toMatchObject({ bootId: "b" });
    expect(
      service(registry)
        .processes()
        .map((p) => p.watch.state),
    ).toEqual(["confirmed", "clear", "clear"]);
  });

  it("are at most 16 after each of 40 that come and go, and a seventeenth beside 16 that report is not watched", () => {
    const registry = new AgentRegistry(0, room());
    for (let i = 0; i < 40; i++) {
      reporter(registry, `boot-${i}`).post(i);
      expect(service(registry).processes().length).toBe(Math.min(i + 1, MAX_PROCESSES));
    }
    expect(reporter(registry, "late").post(40).accepted).toBe(0);
    expect(reporter(registry, "later").post(40 + 4 * PERIOD_MS).accepted).toBe(1);
  });

  it("hand a verdict down: who takes the place of a leaking process was confirmed before, until judged itself", () => {
    const registry = new AgentRegistry(0, room());
    run(0, 150, [reporter(registry, "old", LEAK)]);
    const successor = reporter(registry, "new");
    run(150, 155, [successor]);
    expect(service(registry).processes()).toHaveLength(1);
    expect(service(registry).worst()).toMatchObject({ bootId: "new" });
    expect(service(registry).worst().watch.report()).toMatchObject({
      state: "warming-up",
      before: { state: "confirmed" },
    });
    const states: string[] = [];
    for (let tick = 155; tick < 300; tick++) {
      successor.post(tick * PERIOD_MS);
      states.push(service(registry).worst().watch.state);
    }
    expect([...new Set(states)]).toEqual(["warming-up", "clear"]);
    expect(states.indexOf("clear")).toBeGreaterThan(100);
    expect(service(registry).worst().watch.before).toBeNull();
  });

  it("hand a verdict to one successor only, and never to a worker that was there all along", () => {
    const registry = new AgentRegistry(0, room());
    const beside = reporter(registry, "beside");
    run(0, 150, [beside, reporter(registry, "old", LEAK)]);
    run(150, 160, [beside]);
    expect(
      service(registry)
        .processes()
        .map((p) => [p.bootId, p.watch.before]),
    ).toEqual([
      ["old", null],
      ["beside", null],
    ]);
    const [first, second] = [reporter(registry, "first"), reporter(registry, "second")];
    run(160, 170, [beside, first, second]);
    expect(
      service(registry)
        .processes()
        .map((p) => [p.bootId, p.watch.before?.state ?? null]),
    ).toEqual([
      ["first", "confirmed"],
      ["beside", null],
      ["second", null],
    ]);
  });

  it("are silent after three periods without a post, and the service once all of them are", () => {
    const registry = new AgentRegistry(0, room());
    const [a, b] = [reporter(registry, "a"), reporter(registry, "b")];
    run(0, 10, [a, b]);
    run(10, 20, [a]);
    const nowMs = 20 * PERIOD_MS;
    const silent = (at: number) =>
      service(registry)
        .processes()
        .filter((p) => service(registry).isSilent(p, at));
    expect(silent(nowMs).map((p) => p.bootId)).toEqual(["b"]);
    expect(service(registry).silentSinceMs(nowMs)).toBeNull();
    expect(service(registry).silentSinceMs(19 * PERIOD_MS + 3 * PERIOD_MS)).toBeNull();
    expect(service(registry).silentSinceMs(19 * PERIOD_MS + 3 * PERIOD_MS + 1)).toBe(19 * PERIOD_MS);
  });

  it("keep their verdicts over a restart of this server, and are not silent before they could be heard", () => {
    const before = new AgentRegistry(0, room());
    run(0, 150, [reporter(before, "leaking", LEAK), reporter(before, "healthy")]);
    const restartMs = 1_000 * PERIOD_MS;
    const registry = new AgentRegistry(restartMs, room());
    registry.restore(JSON.parse(JSON.stringify(before.standings())));
    expect(service(registry).worst()).toMatchObject({ bootId: "leaking" });
    expect(service(registry).worst().watch.report()).toMatchObject({
      state: "warming-up",
      before: { state: "confirmed" },
    });
    expect(service(registry).silentSinceMs(restartMs + PERIOD_MS)).toBeNull();
    expect(service(registry).silentSinceMs(restartMs + 4 * PERIOD_MS)).toBe(149 * PERIOD_MS);
    const again = reporter(registry, "leaking", LEAK);
    for (let tick = 0; tick < 150; tick++) again.post(restartMs + tick * PERIOD_MS);
    expect(service(registry).worst().watch.report()).toMatchObject({ state: "confirmed", before: null });
  });
});
