import type { Point, VectorIndex } from "../ports/vector-index.ts";
import type { Filter } from "../shared/filter.ts";

/** Points read in one go, and removed in one go. */
const READ_AT_ONCE = 64;
const REMOVED_AT_ONCE = 500;

/** What became of an id of a batch. */
export type PointOutcome = "done" | "absent" | "too-much";

/**
 * Reads points by id, in order, until their vectors have as many values together as one answer may hold.
 */
export async function getPoints(
  vectors: VectorIndex,
  namespace: string,
  name: string,
  { ids, mostValues }: { ids: readonly string[]; mostValues: number },
): Promise<{ outcome: PointOutcome; point?: Point }[]> {
  const results: { outcome: PointOutcome; point?: Point }[] = [];
  let values = 0;
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const part = ids.slice(from, from + READ_AT_ONCE);
    const found = values > mostValues ? [] : await vectors.get(namespace, name, [...new Set(part)]);
    const byId = new Map(found.map((point) => [point.id, point]));
    for (const id of part) {
      const point = byId.get(id);
      values += point?.vector.length ?? 0;
      if (values > mostValues) results.push({ outcome: "too-much" });
      else results.push(point ? { outcome: "done", point } : { outcome: "absent" });
    }
  }
  return results;
}

/** Removes points by id; of an id given twice the second is `absent`. */
export async function removePoints(
  vectors: VectorIndex,
  namespace: string,
  name: string,
  ids: readonly string[],
): Promise<PointOutcome[]> {
  const outcomes: PointOutcome[] = [];
  const remove = async (id: string): Promise<PointOutcome> =>
    (await vectors.remove(namespace, name, [id])) > 0 ? "done" : "absent";
  // Removals that come together are written together.
  for (let from = 0; from < ids.length; from += READ_AT_ONCE)
    outcomes.push(...(await Promise.all(ids.slice(from, from + READ_AT_ONCE).map(remove))));
  return outcomes;
}

/** Removes what matches when it goes, page by page; null matches all. Points that come meanwhile may stay. */
export async function removeMatching(
  vectors: VectorIndex,
  namespace: string,
  name: string,
  filter: Filter | null,
): Promise<number> {
  let removed = 0;
  // Pages go by row, and new rows come last: without this end, a busy writer would never let it finish.
  let { points: left } = await vectors.collection(namespace, name);
  for (let cursor: number | null = 0; cursor !== null && left > 0; ) {
    const page: Awaited<ReturnType<VectorIndex["list"]>> = await vectors.list(namespace, name, {
      limit: REMOVED_AT_ONCE,
      cursor,
      filter,
    });
    const ids = page.items.map(({ id }) => id);
    left -= ids.length;
    if (ids.length > 0) removed += await vectors.remove(namespace, name, ids, filter);
    cursor = page.nextCursor;
  }
  return removed;
}
