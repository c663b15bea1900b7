const DAY_MS = 86_400_000;
const DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));
let knownDay = Number.NaN;
let knownDate = "";

/**
 * What `new Date(ms).toISOString()` gives, without a `Date`: Next puts its own in the place of the global one, and three for every session
 * answered were its dearest part. Today's date is remembered; the rest is division.
 *
 * @throws {RangeError} for a time that `Date` does not know either.
 */
export function isoTime(ms: number): string {
  const whole = Math.trunc(ms);
  const day = Math.floor(whole / DAY_MS);
  if (day !== knownDay) {
    knownDate = new Date(day * DAY_MS).toISOString().slice(0, -14);
    knownDay = day;
  }
  const inDay = whole - day * DAY_MS;
  const seconds = Math.floor(inDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = DIGITS[Math.floor(minutes / 60)];
  const fraction = String(1000 + (inDay % 1000)).slice(1);
  return `${knownDate}T${hours}:${DIGITS[minutes % 60]}:${DIGITS[seconds % 60]}.${fraction}Z`;
}
