import { expect, it } from "vitest";
import { toCsv } from "./history.ts";

const figures = (usedBytes: number, delayP99Ms = 0) => ({
  ...{ usedBytes, limitBytes: 1000, rssBytes: usedBytes, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1 },
  ...{ arrayBuffersBytes: 1, gcPauseMs: 0, delayP99Ms, requests: 4 },
});

it("tells the peak of each step in the CSV of the history, not its mean alone", () => {
  const step = {
    ...{ startAt: "2026-01-01T00:00:00.000Z", count: 300, breakdown: [] },
    ...{ min: figures(150), max: figures(252, 9), mean: figures(170, 2) },
  };
  const [header, row] = toCsv({ samples: [step], stepSeconds: 300, truncated: false }).split("\r\n");
  const names = header?.split(",") ?? [];
  const told = Object.fromEntries(names.map((name, at) => [name, row?.split(",")[at]]));
  expect(names.slice(0, 2)).toEqual(["at", "usedBytes"]);
  expect(told).toMatchObject({ usedBytes: "170", usedBytesMin: "150", usedBytesMax: "252", delayP99Ms: "2" });
  expect(told).toMatchObject({ rssBytesMax: "252", delayP99MsMax: "9", requests: "4" });
});
