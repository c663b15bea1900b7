import { describe, expect, it } from "vitest";
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import { type DayCourse, daysOf, SAMPLES_A_DAY } from "./healthy-days.ts";

const COURSE = { baseMb: 80, noise: 0.1, seed: 7, collectEverySamples: 20, amplitudeMb: 100 };

/** The hours of the day at which a leak was confirmed, from midnight on. */
function confirmations(course: DayCourse, hours: number): number[] {
  const detector = new LeakDetector();
  const found: number[] = [];
  let before = "";
  for (const sample of daysOf(course, Math.ceil(hours / 24))) {
    if (sample.sequence >= (hours / 24) * SAMPLES_A_DAY) break;
    detector.push(sample);
    if (detector.state === "confirmed" && before !== "confirmed") found.push(sample.sequence / 120);
    before = detector.state;
  }
  return found;
}

describe("A service whose memory follows the day", () => {
  const healthy: [string, DayCourse, number][] = [
    ["the morning of a cosine, requests told", { ...COURSE, shape: "cosine", told: true, amplitudeMb: 200 }, 13],
    ["the morning of a cosine, no requests told", { ...COURSE, shape: "cosine", told: false }, 13],
    ["a day at the office, no requests told", { ...COURSE, shape: "office", told: false, amplitudeMb: 60 }, 24],
    [
      "two mornings at the office, requests told",
      { ...COURSE, shape: "office", told: true, collectEverySamples: 10 },
      36,
    ],
  ];
  for (const [title, course, hours] of healthy) {
    it(`is no leak: ${title}`, () => {
      expect(confirmations(course, hours)).toEqual([]);
    });
  }

  it("is one where 6 MB an hour leak beside it", () => {
    expect(confirmations({ ...COURSE, shape: "office", told: true, leakMbPerHour: 6 }, 24)).not.toEqual([]);
  });
});
