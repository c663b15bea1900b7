import { describe, expect, it } from "vitest";
import { shortSite, slopeLabel, verdictLabel } from "./verdict-labels.ts";

describe("words for a verdict", () => {
  it("keeps the last two parts of a site's path, and a site without a path as it is", () => {
    expect(shortSite("keep (/srv/app/lib/upload.js:12)")).toBe("keep (lib/upload.js:12)");
    expect(shortSite("keep (upload.js:12)")).toBe("keep (upload.js:12)");
  });

  it("says that a process is not watched for want of memory, while it reports", () => {
    const refused = { state: "warming-up", before: null, notWatched: "no-memory" } as const;
    expect(verdictLabel(refused)).toMatchObject({ word: "Not watched: no memory", tone: "warn" });
    expect(verdictLabel({ ...refused, silentSince: new Date().toISOString() }).word).toMatch(/^Silent since/);
  });

  it("says the slope with its interval", () => {
    const label = slopeLabel({ slopeBytesPerHour: 3 * 2 ** 20, slopeLow: 2 * 2 ** 20, slopeHigh: 4 * 2 ** 20 });
    expect(label).toBe("3.0 MiB/h (2.0 MiB to 4.0 MiB)");
  });
});
