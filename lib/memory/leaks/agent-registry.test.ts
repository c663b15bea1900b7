import { describe, expect, it } from "vitest";
import { AgentRegistry, MAX_AGENTS } from "./agent-registry.ts";

const sample = (sequence: number) => ({
  sequence,
  sampledAt: new Date(sequence * 30_000).toISOString(),
  process: { rssBytes: 1e8, heapUsedBytes: 1e7, heapTotalBytes: 2e7, externalBytes: 4e6, arrayBuffersBytes: 2e6 },
  gc: { heapUsedAfterMajorBytes: null },
  activity: { requests: 1 },
});

describe("AgentRegistry", () => {
  it("holds at most 24 services after each of 100, and lets the longest unheard go", () => {
    const registry = new AgentRegistry();
    for (let i = 0; i < 100; i++) {
      registry.push("default", `service-${i}`, { samples: [sample(0)] }, i);
      registry.push("default", "kept", { samples: [sample(i)] }, i);
      expect(registry.size).toBeLessThanOrEqual(MAX_AGENTS);
    }
    expect(registry.find("default", "kept")?.watch.detector.samples).toBe(100);
    expect(registry.find("default", "service-0")).toBeNull();
  });

  it("forgets no other namespace's service for the many of one, however they alternate", () => {
    const registry = new AgentRegistry();
    registry.push("quiet", "api", { samples: [sample(0)] }, 0);
    for (let i = 0; i < 100; i++) {
      registry.push("greedy", `service-${i}`, { samples: [] }, i);
      if (i % 10 === 0) registry.push("second", `service-${i}`, { samples: [] }, i);
      expect(registry.size).toBeLessThanOrEqual(MAX_AGENTS);
    }
    expect(registry.find("quiet", "api")?.watch.detector.samples).toBe(1);
    expect(registry.list("second")).toHaveLength(10);
    expect(registry.list("greedy")).toHaveLength(MAX_AGENTS - 11);
  });

  it("takes a sample once, though it is sent twice, and begins anew when the service restarts", () => {
    const registry = new AgentRegistry();
    const body = { bootId: "a", samples: [sample(0), sample(1)] };
    expect(registry.push("default", "api", body, 0).accepted).toBe(2);
    expect(registry.push("default", "api", body, 0).accepted).toBe(0);
    expect(registry.push("default", "api", { ...body, bootId: "b" }, 0).agent.watch.detector.samples).toBe(2);
  });

  it("keeps namespaces apart", () => {
    const registry = new AgentRegistry();
    registry.push("one", "api", { samples: [sample(0)] }, 0);
    expect(registry.find("two", "api")).toBeNull();
    expect(registry.list("two")).toEqual([]);
  });
});
