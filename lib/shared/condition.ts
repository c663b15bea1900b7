/** A precondition on the version to change (RFC 9110, 13.1), as opaque tags; `*` matches any. */
export interface Condition {
  /** One tag of each list must be present. */
  match: readonly (readonly string[])[];
  /** None of these may be present. */
  noneMatch: readonly string[];
}

/** @param present tags of the current version; empty when there is none. */
export function holds({ match, noneMatch }: Condition, present: readonly string[]): boolean {
  const names = (tags: readonly string[]) =>
    tags.includes("*") ? present.length > 0 : present.some((tag) => tags.includes(tag));
  return match.every(names) && !names(noneMatch);
}
