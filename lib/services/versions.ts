import { type Condition, holds } from "../shared/condition.ts";
import { AppError } from "../shared/errors.ts";

interface Versioned {
  version: number;
  createdAtMs: number;
}

/** Names a version also where the same id was deleted and made again, and counts from 1 once more. */
export const versionTag = ({ version, createdAtMs }: Versioned): string => `${version}-${createdAtMs.toString(36)}`;

/** A replacement is a new row, and rows' ids never come back: each is a version. */
export const documentVersion = ({ rowId, updatedAtMs }: { rowId: number; updatedAtMs: number }): Versioned => ({
  version: rowId,
  createdAtMs: updatedAtMs,
});

/** What a condition may name: the tag, or the bare version that the body tells. */
export const versionTags = (of: Versioned): [tag: string, bare: string] => [versionTag(of), String(of.version)];

/** @param present null: there is none. @throws {AppError} 412. */
export function requireVersion(condition: Condition | null, present: Versioned | null): void {
  if (condition === null || holds(condition, present === null ? [] : versionTags(present))) return;
  throw new AppError(
    "version-mismatch",
    "The current version does not meet the precondition. Read it again, then retry.",
  );
}
