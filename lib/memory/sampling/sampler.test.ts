import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPONENTS, type Component, memorySampleSchema } from "../../contracts/memory.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { type Probes, Sampler } from "./sampler.ts";

const counter = (value: number) => {
  let left = value;
  return {
    peek: () => left,
    take: () => {
      const taken = left;
      left = 0;
      return taken;
    },
  };
};

function sampler(overrides: Partial<Probes> = {}, lastSequence = 0) {
  const gc = { minorCount: 3, majorCount: 1, pauseMs: 4.5, heapUsedAfterMajorBytes: 900 };
  const eventLoop = { delayP99Ms: 1, utilizationRatio: 0.5 };
  const probes: Probes = {
    process: () => ({
      rssBytes: 500,
      heapUsedBytes: 100,
      heapTotalBytes: 200,
      heapLimitBytes: 1000,
      externalBytes: 5,
      arrayBuffersBytes: 1,
    }),
    helperRssBytes: () => 100,
    container: () => ({ limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null }),
    gc: { peek: () => gc, take: () => gc },
    eventLoop: { peek: () => eventLoop, take: () => eventLoop },
    requests: counter(7),
    byComponent: () => new Map(),
    runtimeBytes: () => 300,
    configuredLimitBytes: () => 1000,
    ...overrides,
  };
  return new Sampler({ clock: new FakeClock(), nodeId: "node", bootId: "boot", lastSequence, probes });
}

describe("Sampler", () => {
  it("goes on from the stored sequence, one by one, and fits its schema", () => {
    const taken = sampler({}, 41);
    expect([taken.take().sequence, taken.take().sequence]).toEqual([42, 43]);
    expect(() => memorySampleSchema.parse(taken.take())).not.toThrow();
  });

  it("counts helpers as used, and takes the container's limit when it is the lower one", () => {
    const container = { limitBytes: 800, currentBytes: 1, pressureSome10: null, pressureFull10: null };
    expect(sampler({ container: () => container }).take()).toMatchObject({
      usedBytes: 600,
      limitBytes: 800,
      limitSource: "container",
      level: "elevated",
    });
    expect(sampler({ container: () => ({ ...container, limitBytes: 5000 }) }).take()).toMatchObject({
      limitBytes: 1000,
      limitSource: "configured",
    });
  });

  it("peeks without a new sequence and without resetting what counts since the previous sample", () => {
    const taken = sampler();
    expect(taken.peek()).toMatchObject({ sequence: 0, activity: { requests: 7 } });
    expect(taken.take()).toMatchObject({ sequence: 1, activity: { requests: 7 } });
    expect(taken.take()).toMatchObject({ sequence: 2, activity: { requests: 0 } });
  });

  it("counts what an account of the runtime was granted to the runtime", () => {
    const byComponent = () => new Map<Component, number>([["runtime", 40]]);
    const { breakdown } = sampler({ byComponent, runtimeBytes: () => 300 }).take();
    expect(breakdown).toContainEqual({ component: "runtime", bytes: 340 });
  });

  it("names each component once and adds up to usedBytes exactly, whatever is claimed", () => {
    const claims = fc.dictionary(fc.constantFrom(...COMPONENTS.slice(0, 6)), fc.nat(10_000));
    fc.assert(
      fc.property(claims, fc.nat(10_000), (claimed, runtime) => {
        const byComponent = () => new Map(Object.entries(claimed) as [Component, number][]);
        const { breakdown, usedBytes } = sampler({ byComponent, runtimeBytes: () => runtime }).take();
        expect(breakdown.map(({ component }) => component)).toEqual([...COMPONENTS]);
        expect(breakdown.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(usedBytes);
      }),
    );
  });
});
