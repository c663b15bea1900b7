import { describe, expect, it } from "vitest";
import { foldProfile, type ProfileNode } from "./allocation-sites.ts";
import { SiteHistory } from "./site-history.ts";

const frame = (functionName: string, url: string, selfSize: number, children: ProfileNode[] = []): ProfileNode => ({
  callFrame: { functionName, url, lineNumber: 9, columnNumber: 0 },
  selfSize,
  children,
});
const site = (name: string, depth: number, liveBytes: number) => ({
  site: `${name} (a.js:1)`,
  functionName: name,
  depth,
  liveBytes,
});

describe("foldProfile", () => {
  it("adds what Node and packages allocate to the application frame that called them, once per stack", () => {
    const head = frame("(root)", "", 0, [
      frame("handler", "file:///srv/app.js", 10, [
        frame("push", "node:internal/x", 5, [frame("parse", "/srv/node_modules/p/i.js", 100)]),
        frame("handler", "file:///srv/app.js", 1),
      ]),
    ]);
    expect(foldProfile(head)).toEqual([
      { site: "handler (/srv/app.js:10)", functionName: "handler", depth: 0, liveBytes: 116 },
    ]);
  });
});

describe("SiteHistory", () => {
  it("names the site that grows, not the larger one that fills and empties", () => {
    const history = new SiteHistory();
    for (let i = 0; i < 20; i++) {
      history.push([site("main", 0, 5_000 + 100 * i), site("batch", 1, (i % 5) * 10_000), site("Leak", 1, 100 * i)]);
    }
    const [first] = history.culprits();
    expect(first?.site).toBe("Leak (a.js:1)");
    expect(first?.constructorName).toBe("Leak");
    expect(history.culprits().map((c) => c.site)).not.toContain("batch (a.js:1)");
  });

  it("names nobody after one profile, and never a site that holds much and does not grow", () => {
    const history = new SiteHistory();
    history.push([site("externalRequire", 3, 9_000_000), site("Leak", 1, 0)]);
    expect(history.culprits()).toEqual([]);
    for (let i = 0; i < 8; i++) history.push([site("externalRequire", 3, 9_000_000)]);
    expect(history.culprits()).toEqual([]);
    for (let i = 0; i < 8; i++) history.push([site("externalRequire", 3, 9_000_000), site("Leak", 1, 10_000 * i)]);
    expect(history.culprits().map((c) => c.site)).toEqual(["Leak (a.js:1)"]);
  });

  it("does not take a site for grown that a full profile left out and the next one names", () => {
    const history = new SiteHistory();
    const others = Array.from({ length: 63 }, (_, k) => site(`f${k}`, 1, 2_000_000));
    for (let i = 0; i < 12; i++) history.push([...others, site(i < 6 ? "one" : "other", 1, 1_000_000)]);
    expect(history.culprits()).toEqual([]);
  });

  it("holds at most 128 sites after each of 300 profiles of new ones", () => {
    const history = new SiteHistory();
    for (let i = 0; i < 300; i++) {
      history.push(Array.from({ length: 64 }, (_, k) => site(`f${i}_${k}`, 1, 1_000 + k)));
      expect(history.size).toBeLessThanOrEqual(128);
    }
  });
});
