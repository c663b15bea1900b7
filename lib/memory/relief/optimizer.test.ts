import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OptimizationRun, StoreStats } from "../../contracts/memory.ts";
import {
  type BoundedStore,
  RELIEF_KINDS,
  type ReliefKind,
  type ReliefStep,
  type Yielder,
} from "../../ports/bounded-store.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { type OptimizeRequest, Optimizer } from "./optimizer.ts";
import type { Reclaimer } from "./reclaimer.ts";

/** Work in items of one size, of which a kind of relief can free so many: what a store is to the optimizer. */
interface Script {
  name: string;
  itemBytes: number;
  items: Partial<Record<ReliefKind, number>>;
}

class World {
  readonly clock = new FakeClock();
  readonly log: OptimizationRun[] = [];
  readonly progress: OptimizationRun[] = [];
  readonly calls: string[] = [];
  readonly items = new Map<string, number>();
  readonly optimizer: Optimizer;
  usedBytes: number;
  storeBytes = 0;
  garbage = 0;
  /** Free blocks that the allocator keeps. */
  kept = 0;
  prepared = 0;
  /** What stores released stays with the process until the next collection. */
  givesBackLate = false;
  #lateBytes = 0;
  collections = 0;
  /** Runs inside every step, between its slices. */
  onBreath: () => void = () => undefined;

  constructor(scripts: readonly Script[], usedBytes: number, garbage = 0) {
    this.usedBytes = usedBytes;
    this.garbage = garbage;
    const stores = scripts.map((script) => this.#store(script));
    let id = 0;
    const collector: Reclaimer = {
      step: "collect",
      prepare: async () => undefined,
      predict: () => ({ freedBytes: this.garbage, pauseMs: 70 }),
      pays: (pending) => this.garbage + pending > 0,
      run: async () => {
        const freedBytes = this.garbage + this.#lateBytes;
        this.usedBytes -= freedBytes;
        this.garbage = 0;
        this.#lateBytes = 0;
        this.collections += 1;
        return { freedBytes, durationMs: 1, pauseMs: 60 };
      },
    };
    const trim: Reclaimer = {
      step: "trim",
      prepare: async () => {
        this.prepared += 1;
      },
      predict: () => ({ freedBytes: this.prepared > 0 ? this.kept : 0, pauseMs: 3 }),
      pays: () => this.prepared > 0 && this.kept > 0,
      run: async () => {
        const freedBytes = this.kept;
        this.usedBytes -= freedBytes;
        this.kept = 0;
        return { freedBytes, durationMs: 1, pauseMs: 2 };
      },
    };
    this.optimizer = new Optimizer({
      clock: this.clock,
      stores: () => stores,
      usage: () => ({ usedBytes: this.usedBytes, heapUsedBytes: 0, storeBytes: this.storeBytes }),
      limitBytes: () => 1000,
      reclaimers: [collector, trim],
      log: { append: async (run) => void this.log.push(run) },
      newId: () => `run-${++id}`,
      onProgress: (run) => this.progress.push(run),
      onDone: () => undefined,
    });
  }

  run(request: Partial<OptimizeRequest> = {}): Promise<OptimizationRun> {
    return this.optimizer.optimize({ trigger: "manual", actor: "tester", ...request });
  }

  #store({ name, itemBytes, items }: Script): BoundedStore {
    const kinds = RELIEF_KINDS.filter((kind) => items[kind] !== undefined);
    for (const kind of kinds) {
      this.items.set(`${kind}:${name}`, items[kind] ?? 0);
      this.storeBytes += (items[kind] ?? 0) * itemBytes;
    }
    return {
      name,
      component: "cache",
      stats: () => {
        const held = kinds.reduce((sum, kind) => sum + (this.items.get(`${kind}:${name}`) ?? 0), 0);
        return { store: name, bytes: held * itemBytes } as StoreStats;
      },
      relief: kinds.map((kind) => this.#step(`${kind}:${name}`, kind, itemBytes)),
      sweep: async () => 0,
    };
  }

  #step(key: string, kind: ReliefKind, itemBytes: number): ReliefStep {
    const wanted = (target: number) => Math.min(this.items.get(key) ?? 0, Math.ceil(target / itemBytes));
    return {
      kind,
      predict: (target) => ({ items: wanted(target), freedBytes: wanted(target) * itemBytes }),
      run: async (target, yielder: Yielder) => {
        this.calls.push(key);
        const items = wanted(target);
        for (let done = 0; done < items; done++) {
          this.items.set(key, (this.items.get(key) ?? 0) - 1);
          if (this.givesBackLate) this.#lateBytes += itemBytes;
          else this.usedBytes -= itemBytes;
          this.storeBytes -= itemBytes;
          this.clock.advance(1);
          if (yielder.spent) {
            this.onBreath();
            await yielder.yield();
          }
        }
        return { items, freedBytes: items * itemBytes };
      },
    };
  }
}

const script = (name: string, items: Script["items"], itemBytes = 1): Script => ({ name, items, itemBytes });
const step = (run: OptimizationRun, name: string) => {
  const found = run.steps.find((result) => result.step === name);
  if (!found) throw new Error(`the run has no step ${name}`);
  return found;
};

const scripts = fc
  .uniqueArray(fc.constantFrom("cache", "sessions", "vectors", "rag", "query-cache"), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({
          name: fc.constant(name),
          itemBytes: fc.integer({ min: 1, max: 9 }),
          items: fc.dictionary(fc.constantFrom(...RELIEF_KINDS), fc.nat(40)) as fc.Arbitrary<Script["items"]>,
        }),
      ),
    ),
  );
const targets = fc.option(fc.double({ min: 0.05, max: 0.95, noNaN: true }), { nil: undefined });

describe("Optimizer", () => {
  it("takes the steps cheapest first and collects last", async () => {
    const every = Object.fromEntries(RELIEF_KINDS.map((kind) => [kind, 3]));
    const world = new World([script("sessions", every), script("cache", every)], 900, 5);
    const run = await world.run({ targetRatio: 0.1 });
    expect(run.steps.map(({ step }) => step)).toEqual([
      ...["expire", "deduplicate", "recompress", "compact", "spill"].flatMap((kind) => [
        `${kind}:sessions`,
        `${kind}:cache`,
      ]),
      "evict:cache",
      "evict:sessions",
      "collect",
    ]);
  });

  it("loses nothing without a target at or below 70 %, whatever the stores hold", async () => {
    await fc.assert(
      fc.asyncProperty(scripts, fc.integer({ min: 0, max: 700 }), async (stores, usedBytes) => {
        const world = new World(stores, usedBytes);
        await world.run();
        expect(world.calls.filter((call) => call.startsWith("evict"))).toEqual([]);
      }),
    );
  });

  it("evicts at most one item more than the bytes needed, and none that a lossless step could save", async () => {
    await fc.assert(
      fc.asyncProperty(
        scripts,
        fc.integer({ min: 0, max: 1000 }),
        fc.nat(80),
        targets,
        async (stores, used, garbage, target) => {
          const world = new World(stores, used, garbage);
          const run = await world.run(target === undefined ? {} : { targetRatio: target });
          const need = used - garbage - (target ?? 0.7) * 1000;
          const freedBy = (evict: boolean) =>
            run.steps
              .filter(({ step }) => step !== "collect" && step.startsWith("evict") === evict)
              .reduce((sum, { freedBytes }) => sum + freedBytes, 0);
          const largest = Math.max(...stores.map(({ itemBytes }) => itemBytes));
          const evicted = freedBy(true);
          if (evicted > 0) expect(evicted).toBeLessThan(need - freedBy(false) + largest);
        },
      ),
    );
  });

  it("reaches the target, or says why it does not", async () => {
    await fc.assert(
      fc.asyncProperty(
        scripts,
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (stores, used, target) => {
          const world = new World(stores, used);
          const run = await world.run({ targetRatio: target });
          const reached = run.after.usedBytes <= target * 1000;
          expect(run.note === null).toBe(reached);
          if (!reached) for (const [key, left] of world.items) expect([key, left]).toEqual([key, 0]);
        },
      ),
    );
  });

  it("predicts in a dry run what the run then frees, within 15 %, and changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        scripts,
        fc.integer({ min: 0, max: 1000 }),
        fc.nat(80),
        targets,
        async (stores, used, garbage, target) => {
          const world = new World(stores, used, garbage);
          const before = JSON.stringify([...world.items]);
          const request = target === undefined ? {} : { targetRatio: target };
          const dry = await world.run({ ...request, dryRun: true });
          expect(world.calls).toEqual([]);
          expect(world.collections).toBe(0);
          expect(world.log).toEqual([]);
          expect(JSON.stringify([...world.items])).toBe(before);
          const run = await world.run(request);
          expect(Math.abs(dry.freedBytes - run.freedBytes)).toBeLessThanOrEqual(0.15 * run.freedBytes);
          expect(dry.steps.map(({ step }) => step).filter((name) => name !== "collect")).toEqual(
            run.steps.map(({ step }) => step).filter((name) => name !== "collect"),
          );
        },
      ),
    );
  });

  it("counts what the ledger and the system gave back apart, and every step adds up", async () => {
    const world = new World(
      [script("cache", { evict: 50, expire: 10 }, 4), script("sessions", { spill: 20 }, 2)],
      900,
      30,
    );
    const run = await world.run({ targetRatio: 0.6 });
    const stores = run.steps.filter(({ step }) => step !== "collect");
    expect(run.freedBytes).toBe(stores.reduce((sum, { freedBytes }) => sum + freedBytes, 0));
    expect(run.freedBytes).toBe(run.before.storeBytes - run.after.storeBytes);
    expect(run.rssFreedBytes).toBe(run.freedBytes + 30);
    expect(step(run, "collect").freedBytes).toBe(30);
  });

  it("ends with what no store holds, asks no store for it, and tells its pause before and after", async () => {
    const world = new World([script("cache", { evict: 90 })], 900, 100);
    world.kept = 200;
    const dry = await world.run({ targetRatio: 0.6, dryRun: true });
    const rows = (run: OptimizationRun) =>
      run.steps.slice(-2).map((row) => [row.step, row.predictedFreedBytes, row.freedBytes, row.longestPauseMs]);
    expect(rows(dry)).toEqual([
      ["collect", 100, 0, 70],
      ["trim", 200, 0, 3],
    ]);
    expect([dry.freedBytes, dry.rssFreedBytes, dry.after.usedBytes]).toEqual([0, 300, 600]);
    const run = await world.run({ targetRatio: 0.6 });
    expect(rows(run)).toEqual([
      ["collect", 100, 100, 60],
      ["trim", 200, 200, 2],
    ]);
    expect([run.freedBytes, run.rssFreedBytes, run.note]).toEqual([0, 300, null]);
  });

  it("has rows that add up to what the system saw, also where stores' bytes go back only with the collection", async () => {
    await fc.assert(
      fc.asyncProperty(scripts, fc.boolean(), fc.nat(80), fc.nat(80), async (stores, late, garbage, kept) => {
        const world = new World(stores, 1000, garbage);
        world.kept = kept;
        world.givesBackLate = late;
        const run = await world.run({ targetRatio: 0 });
        expect(run.steps.reduce((sum, { freedBytes }) => sum + freedBytes, 0)).toBe(run.rssFreedBytes);
        expect(run.freedBytes).toBe(run.before.storeBytes - run.after.storeBytes);
      }),
    );
  });

  it("takes the chosen steps only, by name or by kind", async () => {
    const world = new World(
      [script("cache", { expire: 2, evict: 5 }), script("sessions", { expire: 3, spill: 4 })],
      900,
    );
    const named = await world.run({ steps: ["expire:sessions"], targetRatio: 0.1 });
    expect(named.steps.map(({ step }) => step)).toEqual(["expire:sessions"]);
    const byKind = await world.run({ steps: ["expire", "evict"], targetRatio: 0.1 });
    expect(byKind.steps.map(({ step }) => step)).toEqual(["expire:cache", "expire:sessions", "evict:cache"]);
    await expect(world.run({ steps: ["expire:nobody"] })).rejects.toMatchObject({ code: "unprocessable" });
  });

  it("joins a second call to the run in progress, and never a dry run", async () => {
    const world = new World([script("cache", { expire: 100 })], 500);
    let joined: Promise<OptimizationRun> | undefined;
    let dry: Promise<OptimizationRun> | undefined;
    world.onBreath = () => {
      joined ??= world.run({ actor: "second" });
      dry ??= world.run({ dryRun: true, actor: "third" });
    };
    const first = await world.run({ actor: "first" });
    expect(await joined).toBe(first);
    expect((await dry)?.id).not.toBe(first.id);
    expect(world.log.map(({ actor }) => actor)).toEqual(["first"]);
    expect(world.optimizer.running).toBe(false);
  });

  it("lets a person's run wait for upkeep to end instead of joining it", async () => {
    const world = new World([script("cache", { expire: 30, spill: 30 })], 500);
    const upkeep = world.run({ trigger: "scheduled", steps: ["expire"] });
    const manual = await world.run();
    expect((await upkeep).steps.map(({ step }) => step)).toEqual(["expire:cache"]);
    expect(manual.trigger).toBe("manual");
    expect(step(manual, "spill:cache").freedBytes).toBe(30);
  });

  it("tells each step as it ends and records the run once", async () => {
    const world = new World([script("cache", { expire: 2, deduplicate: 2 })], 500, 5);
    const run = await world.run();
    expect(world.progress.map(({ steps }) => steps.length)).toEqual([1, 2, 3]);
    expect(world.progress.every(({ state, id }) => state === "running" && id === run.id)).toBe(true);
    expect(world.log).toEqual([run]);
    expect(world.optimizer.lastRun).toEqual(run);
  });

  it("keeps upkeep that found nothing out of the history, but not a person's", async () => {
    const world = new World([script("cache", { expire: 0 })], 500);
    await world.run({ trigger: "scheduled", steps: ["expire"] });
    expect(world.log).toEqual([]);
    await world.run();
    expect(world.log.map(({ state }) => state)).toEqual(["nothing-to-do"]);
  });

  it("records a run whose step fails as failed, with the reason, and can run again", async () => {
    const world = new World([script("cache", { expire: 30 })], 500);
    world.onBreath = () => {
      throw new Error("the disk is full");
    };
    const failed = await world.run();
    expect([failed.state, failed.note]).toEqual(["failed", "the disk is full"]);
    world.onBreath = () => undefined;
    expect((await world.run()).state).toBe("completed");
  });

  it("says that the history does not have a run that could not be recorded, and what it freed all the same", async () => {
    const world = new World([script("cache", { expire: 30 })], 500);
    world.log.push = () => {
      throw new Error("the disk is full");
    };
    const run = await world.run();
    expect([run.state, run.freedBytes]).toEqual(["completed", 30]);
    expect(run.note).toMatch(/could not be recorded: the disk is full/);
    expect(world.optimizer.running).toBe(false);
  });

  it("gives the loop back after each slice of 10 ms and reports the longest", async () => {
    const world = new World([script("cache", { expire: 95 })], 500);
    let yields = 0;
    world.onBreath = () => {
      yields += 1;
    };
    const run = await world.run();
    expect(yields).toBe(9);
    expect(step(run, "expire:cache").longestPauseMs).toBe(10);
  });
});
