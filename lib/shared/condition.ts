/** What a writer asks of the version that it changes (RFC 9110, 13.1), as opaque tags; `*` is any. */
export interface Condition {
  /** Of each list one must be present. */
  match: readonly (readonly string[])[];
  /** None of these may be present. */
  noneMatch: readonly string[];
}

/** @param present tags of what is there now; none when nothing is. */
export function holds({ match, noneMatch }: Condition, present: readonly string[]): boolean {
  const names = (tags: readonly string[]) =>
    tags.includes("*") ? present.length > 0 : present.some((tag) => tags.includes(tag));
  return match.every(names) && !names(noneMatch);
}
