import { beforeEach, describe, expect, it } from "vitest";
import type { MemoryAlert } from "../../contracts/events.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Ledger } from "../ledger.ts";
import { MemoryControl } from "./memory-control.ts";

const MIB = 2 ** 20;

function controlOf() {
  const clock = new FakeClock();
  const ledger = new Ledger({ limitBytes: 1000 * MIB, runtimeBytes: 100 * MIB });
  const world = {
    usedMib: 100,
    configuredMib: 1000,
    containerMib: null as number | null,
    containerReads: 0,
    alerts: [] as MemoryAlert[],
    episodes: 0,
    hard: [] as boolean[],
  };
  const control = new MemoryControl({
    clock,
    ledger,
    stores: () => [],
    readUsedBytes: () => world.usedMib * MIB,
    heapUsed: () => 50 * MIB,
    heapUsedAfterMajor: () => null,
    reclaimers: () => [],
    containerLimitBytes: () => {
      world.containerReads += 1;
      return world.containerMib === null ? null : world.containerMib * MIB;
    },
    configuredLimitBytes: () => world.configuredMib * MIB,
    atRatio: () => 0.85,
    log: { append: async () => undefined },
    lastRun: null,
    newId: () => "run",
    onProgress: () => undefined,
    onDone: () => undefined,
    onAlert: (alert) => world.alerts.push(alert),
    onEpisode: () => {
      world.episodes += 1;
    },
    onHardPressure: (closed) => world.hard.push(closed),
    onError: (error) => {
      throw error;
    },
  });
  return { clock, ledger, world, control };
}

describe("MemoryControl", () => {
  let parts: ReturnType<typeof controlOf>;
  beforeEach(() => {
    parts = controlOf();
  });
  const at = (usedMib: number) => {
    parts.world.usedMib = usedMib;
    parts.clock.advance(250);
  };

  it("stops granting to caches at 67 %, to all at 95 %, and grants again when usage has fallen", () => {
    const cache = parts.ledger.open("cache", "cache", 500 * MIB);
    const sessions = parts.ledger.open("sessions", "sessions", 500 * MIB);
    const stop = parts.control.start();
    const grants = [660, 670, 950, 905, 890, 100].map((used) => {
      at(used);
      return [cache.tryReserve(1), sessions.tryReserve(1)];
    });
    expect(grants).toEqual([
      [true, true],
      [false, true],
      [false, false],
      [false, false],
      [false, true],
      [true, true],
    ]);
    expect(parts.world.hard).toEqual([true, false]);
    stop();
  });

  it("obeys a lower container limit within a second, and the configured one again when it is lifted", () => {
    const stop = parts.control.start();
    at(400);
    expect(parts.control.gate.closed).toBe(false);
    parts.world.containerMib = 410;
    for (let reading = 0; reading < 4; reading++) at(400);
    expect([parts.control.limitBytes, parts.ledger.limitBytes]).toEqual([410 * MIB, 410 * MIB]);
    expect(parts.control.gate.closed).toBe(true);
    parts.world.containerMib = 5000;
    for (let reading = 0; reading < 4; reading++) at(400);
    expect(parts.control.limitBytes).toBe(1000 * MIB);
    expect(parts.control.gate.closed).toBe(false);
    stop();
  });

  it("reads the container's files at most once a second between samples", () => {
    const stop = parts.control.start();
    const before = parts.world.containerReads;
    for (let reading = 0; reading < 40; reading++) at(400);
    expect(parts.world.containerReads - before).toBe(10);
    stop();
  });

  it("tells each change of level once, and one episode of pressure", () => {
    const stop = parts.control.start();
    for (const used of [690, 700, 690, 860, 840, 870, 810, 790, 640]) at(used);
    expect(parts.world.alerts.map(({ level }) => level)).toEqual(["elevated", "critical", "elevated", "normal"]);
    expect(parts.world.episodes).toBe(1);
    stop();
  });

  it("reads nothing any more once it is stopped", () => {
    parts.control.start()();
    at(990);
    expect(parts.world.alerts).toEqual([]);
  });
});
