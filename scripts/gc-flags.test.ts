import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { chooseGcFlags, effectiveLimitBytes } from "./gc-flags.mjs";

const MIB = 2 ** 20;
const size = (flags: string[], name: string) =>
  Number(flags.find((flag) => flag.startsWith(`--${name}=`))?.split("=")[1]);

describe("chooseGcFlags", () => {
  it("never lets the heap's cap pass the limit, from 256 MB up", () => {
    for (let limitMb = 256; limitMb <= 8192; limitMb += 64) {
      const { flags } = chooseGcFlags({ limitBytes: limitMb * MIB });
      const young = 3 * size(flags, "max-semi-space-size");
      expect(size(flags, "min-semi-space-size")).toBeLessThanOrEqual(size(flags, "max-semi-space-size"));
      expect(young + size(flags, "max-old-space-size")).toBeLessThanOrEqual(limitMb);
    }
  });

  it("starts the young generation larger where the limit leaves room for it", () => {
    const minimum = (limitMb: number) =>
      size(chooseGcFlags({ limitBytes: limitMb * MIB }).flags, "min-semi-space-size");
    expect([256, 400, 1024].map(minimum)).toEqual([8, 16, 32]);
  });

  it("lets the old generation grow further between collections, but not under a small limit", () => {
    const growth = (limitMb: number) =>
      size(chooseGcFlags({ limitBytes: limitMb * MIB }).flags, "heap-growing-percent");
    expect([256, 400, 1024].map(growth)).toEqual([Number.NaN, 60, 60]);
  });

  it("gives nothing when tuning is off", () => {
    const off = chooseGcFlags({ limitBytes: 1024 * MIB, environment: { HEADROOM_GC_TUNING: "off" } });
    expect(off).toEqual({ flags: [], env: {} });
  });

  it("leaves the user's own flags and variables to the user, however they are spelled", () => {
    const { flags, env } = chooseGcFlags({
      limitBytes: 1024 * MIB,
      environment: { NODE_OPTIONS: "--max_semi_space_size=64", MALLOC_MMAP_THRESHOLD_: "65536" },
      execArgv: ["--max-old-space-size=300", "--heap_growing_percent=30"],
    });
    expect(flags).toEqual([]);
    expect(env).toEqual({});
  });
});

describe("effectiveLimitBytes", () => {
  const roots: string[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true });
  });
  function tree(path: string, text: string): string {
    const root = mkdtempSync(join(tmpdir(), "cgroup-"));
    roots.push(root);
    mkdirSync(join(root, "memory"));
    writeFileSync(join(root, path), text);
    return root;
  }

  it("takes the smaller of configured and container, in both cgroup versions", () => {
    const v2 = tree("memory.max", `${300 * MIB}\n`);
    const v1 = tree("memory/memory.limit_in_bytes", `${200 * MIB}\n`);
    expect(effectiveLimitBytes({ HEADROOM_CGROUP_ROOT: v2 })).toBe(300 * MIB);
    expect(effectiveLimitBytes({ HEADROOM_CGROUP_ROOT: v1 })).toBe(200 * MIB);
    expect(effectiveLimitBytes({ HEADROOM_CGROUP_ROOT: v2, HEADROOM_MEMORY_LIMIT_MB: "128" })).toBe(128 * MIB);
  });

  it("knows no container limit in `max`, in a missing tree, or in more than the machine has", () => {
    const none = tree("memory.max", "max\n");
    expect(effectiveLimitBytes({ HEADROOM_CGROUP_ROOT: none })).toBe(1024 * MIB);
    expect(effectiveLimitBytes({ HEADROOM_CGROUP_ROOT: join(none, "absent") })).toBe(1024 * MIB);
    expect(effectiveLimitBytes({}, { constrained: 1.8e19, machine: 2 ** 35 })).toBe(1024 * MIB);
    expect(effectiveLimitBytes({}, { constrained: 512 * MIB, machine: 2 ** 35 })).toBe(512 * MIB);
  });
});
