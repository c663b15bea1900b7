import { describe, expect, it } from "vitest";
import { Traffic } from "./traffic.ts";

describe("Traffic", () => {
  it("counts as calls what consumers ask of the API, and not what only watches", () => {
    const traffic = new Traffic();
    for (const route of ["/livez", "/metrics", "none", "/api/v1/agents/{name}/samples"])
      traffic.count(route, "GET", 200, "direct", 1);
    expect(traffic.calls).toBe(0);
    traffic.count("/api/v1/sessions/{id}", "GET", 404, "direct", 1);
    expect([traffic.calls, traffic.peek()]).toEqual([1, 5]);
  });

  it("keeps a bounded number of series, whatever is asked, and measures every request", () => {
    const traffic = new Traffic();
    for (let at = 0; at < 5_000; at++) traffic.count(`/api/v1/route-${at}`, `METHOD-${at}`, 200, "direct", at);
    const series = [...traffic.series()];
    expect(series).toHaveLength(4_096);
    expect(new Set(series.map(({ method }) => method))).toEqual(new Set(["other"]));
    const durations = [...traffic.durations()];
    expect(durations).toHaveLength(256);
    expect(durations.reduce((sum, { total }) => sum + total, 0)).toBe(5_000);
    expect(durations.flatMap(({ counts }) => [...counts]).reduce((sum, count) => sum + count, 0)).toBe(5_000);
  });
});
