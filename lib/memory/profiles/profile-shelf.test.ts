import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import type { ProfileNode } from "../leaks/allocation-sites.ts";
import { ProfileShelf, type ShelfOptions } from "./profile-shelf.ts";

const callFrame = { functionName: "f", url: "a.js", lineNumber: 0, columnNumber: 0 };
const head: ProfileNode = { callFrame, selfSize: 7, children: [] };

async function* breaking() {
  yield "x";
  throw new Error("no more");
}

async function openShelf(change: Partial<ShelfOptions> = {}) {
  const clock = new FakeClock();
  const options: ShelfOptions = {
    dir: path.join(mkdtempSync(path.join(tmpdir(), "shelf-")), "profiles"),
    clock,
    maxProfiles: 3,
    maxBytes: 1_000,
    record: async (ended) => {
      await ended;
      return { head };
    },
    snapshotStream: () => Readable.from(["x".repeat(400)]),
    heapUsedBytes: () => 100,
    freeBytes: () => 1_000,
    snapshotsEnabled: true,
    ...change,
  };
  const shelf = new ProfileShelf(options);
  await shelf.open();
  return { shelf, clock };
}

describe("ProfileShelf", () => {
  it("keeps at most its number and its bytes after each of ten snapshots, in files for the owner alone", async () => {
    const { shelf } = await openShelf();
    for (let i = 0; i < 10; i++) {
      const { profile, done } = shelf.begin("heap-snapshot");
      await done;
      expect(statSync(shelf.fileOf(profile)).mode & 0o777).toBe(0o600);
      const kept = shelf.list();
      expect(kept.length).toBeLessThanOrEqual(3);
      expect(kept.reduce((sum, p) => sum + (p.sizeBytes ?? 0), 0)).toBeLessThanOrEqual(1_000);
      for (const p of kept) expect(existsSync(shelf.fileOf(p))).toBe(true);
    }
  });

  it("refuses a snapshot of which the estimate does not fit, with both figures, and when they are off", async () => {
    const tight = await openShelf({ freeBytes: () => 799 });
    expect(() => tight.shelf.begin("heap-snapshot")).toThrow(/800 bytes.*799 bytes/s);
    const off = await openShelf({ snapshotsEnabled: false });
    expect(() => off.shelf.begin("heap-snapshot")).toThrow(expect.objectContaining({ status: 403 }));
  });

  it("records for the seconds asked, with progress, and refuses a second profile meanwhile", async () => {
    const { shelf, clock } = await openShelf();
    const { profile, done } = shelf.begin("allocation-sampling", 10);
    // The recording begins once the folder is known to be there.
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    expect(profile.progressRatio).toBeCloseTo(0.5);
    expect(() => shelf.begin("allocation-sampling", 1)).toThrow(expect.objectContaining({ status: 409 }));
    clock.advance(5_000);
    await done;
    expect(profile).toMatchObject({ state: "completed", progressRatio: 1 });
    expect(JSON.parse(readFileSync(shelf.fileOf(profile), "utf8"))).toEqual({ head });
  });

  it("deletes a profile and its file after a day", async () => {
    const { shelf, clock } = await openShelf();
    const { profile, done } = shelf.begin("heap-snapshot");
    await done;
    clock.advance(24 * 3_600_000 + 60_000);
    await expect.poll(() => existsSync(shelf.fileOf(profile))).toBe(false);
    expect(shelf.find(profile.id)).toBeNull();
  });

  it("takes a profile that is asked for while the folder is still being emptied", async () => {
    const { shelf } = await openShelf();
    const opened = shelf.open();
    const { profile, done } = shelf.begin("heap-snapshot");
    await Promise.all([opened, done]);
    expect(profile.state).toBe("completed");
    expect(existsSync(shelf.fileOf(profile))).toBe(true);
  });

  it("leaves no file of a profile that failed", async () => {
    const { shelf } = await openShelf({ snapshotStream: () => Readable.from(breaking()) });
    const { profile, done } = shelf.begin("heap-snapshot");
    await done;
    expect(profile).toMatchObject({ state: "failed", error: "no more" });
    expect(existsSync(shelf.fileOf(profile))).toBe(false);
  });
});
