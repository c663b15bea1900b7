import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readContainer } from "./container.ts";

const GIB = 2 ** 30;

function tree(membership: string, files: Record<string, string>) {
  const root = mkdtempSync(path.join(tmpdir(), "headroom-cgroup-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const membershipFile = path.join(root, "self-cgroup");
  writeFileSync(membershipFile, membership);
  return readContainer({ root, membershipFile, machineBytes: 16 * GIB });
}

describe("readContainer", () => {
  it("reads version 2, and obeys the lowest limit among the group's parents", () => {
    const memory = tree("0::/app/web\n", {
      "app/memory.max": `${GIB}\n`,
      "app/web/memory.max": "max\n",
      "app/web/memory.current": "500000\n",
      "app/web/memory.pressure": "some avg10=1.50 avg60=0 avg300=0 total=9\nfull avg10=0.25 avg60=0 avg300=0 total=1\n",
    });
    expect(memory).toEqual({ limitBytes: GIB, currentBytes: 500_000, pressureSome10: 1.5, pressureFull10: 0.25 });
  });

  it("reads version 1, also where the controller shares its line", () => {
    const files = { "memory/app/memory.limit_in_bytes": "268435456\n", "memory/app/memory.usage_in_bytes": "1000\n" };
    const expected = { limitBytes: 268_435_456, currentBytes: 1_000, pressureSome10: null, pressureFull10: null };
    expect(tree("9:memory:/app\n0::/\n", files)).toEqual(expected);
    expect(tree("9:cpu,memory,pids:/app\n", files)).toEqual(expected);
  });

  it("falls back to the mounted root where the path is the host's", () => {
    expect(tree("0::/kubepods/pod1/abc\n", { "memory.max": "1000000\n", "memory.current": "5\n" }).limitBytes).toBe(
      1_000_000,
    );
  });

  it.each(["18446744073709551615", "9223372036854771712", "max", "", "-5", "0", String(16 * GIB)])(
    "takes a limit of %j for none",
    (limit) => {
      expect(tree("0::/\n", { "memory.max": limit, "memory.current": "1" }).limitBytes).toBeNull();
    },
  );

  it("reads the version whose files are there, where the membership is of the other", () => {
    expect(tree("9:memory:/app\n", { "memory.max": "1000000\n" }).limitBytes).toBe(1_000_000);
    expect(tree("0::/app\n", { "memory/memory.limit_in_bytes": "2000000\n" }).limitBytes).toBe(2_000_000);
  });

  it("answers nulls where there is no cgroup at all", () => {
    expect(tree("", {})).toEqual({ limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null });
  });
});
