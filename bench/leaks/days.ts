/** Scores the detector on generated days that are healthy, and on the same with a leak: `npm run bench:leaks -- --days [SEEDS]` (three minutes of CPU a seed). */
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";
import { type DayCourse, daysOf, SAMPLES_A_DAY } from "./healthy-days.ts";

const DAYS = 2;
const LEAK_MB_PER_HOUR = 5;
/** One in so many courses is tried with a leak too. */
const LEAKING = 5;

export function scoreDays(seeds: number): void {
  const courses = coursesOf(seeds);
  let falseDays = 0;
  for (const course of courses) {
    const alarms = alarmsOf(course);
    falseDays += new Set(alarms.map(({ at }) => Math.floor(at / SAMPLES_A_DAY))).size;
    for (const { at, series, method } of alarms)
      console.log(`  false alarm ${nameOf(course)}: ${hourOf(at)}, ${series}, ${method}`);
  }
  const days = courses.length * DAYS;
  console.log(`healthy days: ${falseDays} of ${days} false (${((100 * falseDays) / days).toFixed(2)} %)`);
  let found = 0;
  const leaking = courses
    .filter((_, i) => i % LEAKING === 0)
    .map((course) => ({ ...course, leakMbPerHour: LEAK_MB_PER_HOUR }));
  for (const course of leaking) {
    if (alarmsOf(course).length > 0) found += 1;
    else console.log(`  missed ${nameOf(course)}`);
  }
  console.log(`with a leak of ${LEAK_MB_PER_HOUR} MB an hour: ${found} of ${leaking.length} found within ${DAYS} days`);
}

function coursesOf(seeds: number): DayCourse[] {
  const courses: DayCourse[] = [];
  for (let seed = 1; seed <= seeds; seed++)
    for (const shape of ["cosine", "office"] as const)
      for (const told of [true, false])
        for (const collectEverySamples of [10, 20, 40, 120])
          for (const amplitudeMb of [40, 100, 200])
            courses.push({
              shape,
              told,
              collectEverySamples,
              amplitudeMb,
              baseMb: 80,
              noise: 0.1,
              seed: seed * 31 + courses.length,
            });
  return courses;
}

const nameOf = (c: DayCourse) =>
  `${c.shape}, requests ${c.told ? "told" : "not told"}, a collection every ${c.collectEverySamples / 2} min, ${c.amplitudeMb} MB`;
const hourOf = (at: number) =>
  `day ${Math.floor(at / SAMPLES_A_DAY) + 1} at ${((at % SAMPLES_A_DAY) / 120).toFixed(1)} h`;

function alarmsOf(course: DayCourse) {
  const detector = new LeakDetector();
  const alarms: { at: number; series: string; method: string }[] = [];
  let confirmed = false;
  for (const sample of daysOf(course, DAYS)) {
    detector.push(sample);
    const now = detector.state === "confirmed";
    const first = detector.suspects()[0];
    if (now && !confirmed && first) alarms.push({ at: sample.sequence, series: first.series, method: first.method });
    confirmed = now;
  }
  return alarms;
}
