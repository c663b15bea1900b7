import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recounted, requireRoom } from "../../stores/core/recounted.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { NamespaceGate } from "./quota-gate.ts";

interface Part {
  id: number;
  bytes: number;
}

/** A store that keeps values by id on a disk that is slow: writes and counts reach it in the order they were sent. */
class SlowDisk {
  readonly values = new Map<number, number>();
  readonly cache = new Map<number, number>();
  counts = 0;
  #waiting: (() => void)[] = [];

  get kept() {
    return { bytes: [...this.values.values()].reduce((sum, bytes) => sum + bytes, 0), items: this.values.size };
  }

  get cached() {
    return { bytes: [...this.cache.values()].reduce((sum, bytes) => sum + bytes, 0), items: this.cache.size };
  }

  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(work())));
  }

  /** Does what was sent first; false when nothing waits. */
  step(): boolean {
    const next = this.#waiting.shift();
    next?.();
    return next !== undefined;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function write(gate: NamespaceGate, disk: SlowDisk, parts: readonly Part[]): Promise<number> {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const entry = await gate.enter({ bytes, items: parts.length }, async () =>
    parts.map(({ id, bytes: size }) => {
      const before = disk.values.get(id);
      return { bytes: size - (before ?? 0), items: before === undefined ? 1 : 0 };
    }),
  );
  const fitting = parts.filter((_, at) => !entry.refused.has(at));
  await disk.run(() => {
    for (const { id, bytes: size } of fitting) disk.values.set(id, size);
  });
  entry.leave();
  return fitting.length;
}

function setUp(bytes: number | null, items: number | null) {
  const disk = new SlowDisk();
  const clock = new FakeClock();
  const gate = new NamespaceGate(
    { bytes, items },
    {
      kept: () => {
        disk.counts++;
        return disk.run(() => disk.kept);
      },
      cached: () => disk.cached,
    },
    clock,
  );
  const finish = async (work: Promise<unknown>) => {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      disk.step();
      await turn();
    }
  };
  return { disk, clock, gate, finish };
}

const sizes = fc.integer({ min: 0, max: 40 });
/** Ids of one writer each: locks keep two from writing the same one at once. */
const action = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), sizes: fc.array(sizes, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant("cache" as const), size: sizes }),
  fc.record({ kind: fc.constant("remove" as const) }),
);

describe("a namespace's quota", () => {
  it("is never passed by calls at once, whatever they write and in whatever order the disk is done", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 24 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 12 }),
        async (actions, pace, maxBytes, maxItems) => {
          const { disk, gate, finish } = setUp(maxBytes, maxItems);
          const work: Promise<unknown>[] = [];
          const within = () => {
            const { bytes, items } = {
              bytes: disk.kept.bytes + disk.cached.bytes,
              items: disk.kept.items + disk.cached.items,
            };
            expect(bytes).toBeLessThanOrEqual(maxBytes);
            expect(items).toBeLessThanOrEqual(maxItems);
          };
          for (const [at, one] of actions.entries()) {
            if (one.kind === "write")
              work.push(
                write(
                  gate,
                  disk,
                  one.sizes.map((bytes, part) => ({ id: at * 4 + part, bytes })),
                ),
              );
            else if (one.kind === "remove")
              work.push(disk.run(() => disk.values.delete([...disk.values.keys()][0] ?? -1)));
            else
              work.push(
                recounted(gate, async () => {
                  if (!gate.fits({ bytes: one.size, items: 1 })) throw gate.exceeded();
                  disk.cache.set(at, one.size);
                }).catch(() => undefined),
              );
            if (pace[at % pace.length]) disk.step();
            await turn();
            within();
          }
          await finish(Promise.all(work));
          within();
        },
      ),
      { numRuns: 200 },
    );
  });

  it("refuses one write after another exactly when what is there and what it adds is more than the quota", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: fc.integer({ min: 0, max: 6 }), bytes: sizes, removes: fc.boolean() }), {
          maxLength: 30,
        }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 6 }),
        async (actions, maxBytes, maxItems) => {
          const { disk, clock, gate, finish } = setUp(maxBytes, maxItems);
          for (const { id, bytes, removes } of actions) {
            if (removes) {
              disk.values.delete(id);
              clock.advance(250);
              continue;
            }
            const before = disk.values.get(id);
            const after = disk.kept.bytes - (before ?? 0) + bytes;
            const isFree = bytes <= (before ?? 0) || after <= maxBytes;
            const hasPlace = before !== undefined || disk.kept.items < maxItems;
            const written = write(gate, disk, [{ id, bytes }]);
            await finish(written);
            expect(await written).toBe(isFree && hasPlace ? 1 : 0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("lets what shrinks pass where more is kept than a new quota allows, and nothing that grows", async () => {
    const { disk, gate, finish } = setUp(100, null);
    await finish(write(gate, disk, [{ id: 1, bytes: 80 }]));
    gate.quota = { bytes: 50, items: 1 };
    for (const [parts, done] of [
      [[{ id: 1, bytes: 81 }], 0],
      [[{ id: 1, bytes: 70 }], 1],
      [[{ id: 2, bytes: 1 }], 0],
    ] as const) {
      const written = write(gate, disk, parts);
      await finish(written);
      expect(await written).toBe(done);
    }
  });

  it("refuses by the last exact count for a quarter of a second, however many ask, and then sees what was given back", async () => {
    const { disk, clock, gate, finish } = setUp(100, null);
    await finish(write(gate, disk, [{ id: 1, bytes: 100 }]));
    const refusedAll = async (times: number) => {
      for (let n = 0; n < times; n++) {
        const written = write(gate, disk, [{ id: 2, bytes: 1 }]);
        await finish(written);
        expect(await written).toBe(0);
        const room = requireRoom(gate, { bytes: 1, items: 1 });
        await finish(room.catch(() => undefined));
        await expect(room).rejects.toMatchObject({ code: "quota-exceeded" });
      }
    };
    await refusedAll(10);
    expect(disk.counts).toBe(1);
    disk.values.delete(1);
    clock.advance(249);
    await refusedAll(10);
    expect(disk.counts).toBe(1);
    clock.advance(1);
    const written = write(gate, disk, [{ id: 2, bytes: 100 }]);
    await finish(written);
    expect([await written, disk.counts]).toEqual([1, 2]);
  });

  it("sees at once what a write that passed it gave back, also where that was under way at the last count", async () => {
    const { disk, gate, finish } = setUp(100, null);
    await finish(write(gate, disk, [{ id: 1, bytes: 100 }]));
    const smaller = write(gate, disk, [{ id: 1, bytes: 40 }]);
    const refused = write(gate, disk, [{ id: 2, bytes: 61 }]);
    await finish(Promise.all([smaller, refused]));
    expect([await smaller, await refused]).toEqual([1, 0]);
    const written = write(gate, disk, [{ id: 2, bytes: 60 }]);
    await finish(written);
    expect(await written).toBe(1);
  });

  it("sees at once what was removed by whoever says so, also while it was counting", async () => {
    const { disk, gate, finish } = setUp(100, null);
    await finish(write(gate, disk, [{ id: 1, bytes: 100 }]));
    const refused = write(gate, disk, [{ id: 2, bytes: 1 }]);
    await finish(refused);
    expect(await refused).toBe(0);
    disk.values.delete(1);
    gate.mayKeepLess();
    const written = write(gate, disk, [{ id: 2, bytes: 100 }]);
    await finish(written);
    expect(await written).toBe(1);
    const counting = gate.recount();
    gate.mayKeepLess();
    disk.values.delete(2);
    await finish(counting);
    const last = write(gate, disk, [{ id: 3, bytes: 100 }]);
    await finish(last);
    expect(await last).toBe(1);
  });

  it("keeps as many parts of a write as fit, in their order", async () => {
    const { disk, gate, finish } = setUp(100, null);
    await finish(
      write(
        gate,
        disk,
        [10, 60, 50, 30].map((bytes, id) => ({ id, bytes })),
      ),
    );
    expect([...disk.values]).toEqual([
      [0, 10],
      [1, 60],
      [3, 30],
    ]);
  });
});
