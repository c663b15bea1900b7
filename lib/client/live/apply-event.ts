import type { Query, QueryClient, QueryKey } from "@tanstack/react-query";

type Change = (data: never) => unknown;

/** Kept for an answer that is under way; the oldest go, which it has seen if it was not asked for long ago. */
const MOST_WAITING = 500;

/** News that came while an answer was under way, in order. */
const waiting = new WeakMap<Query, Change[]>();

const find = (client: QueryClient, queryKey: QueryKey) => client.getQueryCache().find({ queryKey, exact: true });

/**
 * Changes what a query holds by what an event tells: at once, and once more in the answer that is under way, which was perhaps
 * read before the event, or is the first. All that came meanwhile is told again in its order, so that the last has the last word.
 */
export function applyEvent<Data>(client: QueryClient, queryKey: QueryKey, change: (data: Data) => Data): void {
  const query = find(client, queryKey);
  if (!query) return;
  const isStale = query.state.isInvalidated;
  apply(client, query, change);
  if (query.state.fetchStatus !== "idle") keep(client, query, change);
  // Data that are set count as fresh: what was missed before would never be asked for.
  else if (isStale) void client.invalidateQueries({ queryKey, exact: true, refetchType: "none" });
}

/** Asks again for what a query holds, since news of it were missed. An answer that is under way was asked for too early. */
export async function refetchNow(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const query = find(client, queryKey);
  if (query) waiting.delete(query);
  await client.cancelQueries({ queryKey, exact: true });
  await client.invalidateQueries({ queryKey, exact: true });
}

function apply(client: QueryClient, { queryKey }: Query, change: Change): void {
  client.setQueryData(queryKey, (data: unknown) => (data === undefined ? undefined : change(data as never)));
}

function keep(client: QueryClient, query: Query, change: Change): void {
  const news = waiting.get(query);
  if (news) {
    news.push(change);
    if (news.length > MOST_WAITING) news.shift();
    return;
  }
  const begun = [change];
  waiting.set(query, begun);
  void answered(query).then(() => {
    // Another list may have been begun since, when these were forgotten.
    if (waiting.get(query) !== begun) return;
    waiting.delete(query);
    for (const each of begun) apply(client, query, each);
  });
}

/** Resolves when nothing is under way, whatever came of it. */
async function answered(query: Query): Promise<void> {
  // A fetch is joined; one that took its place is waited for as well.
  while (query.state.fetchStatus !== "idle") await query.fetch().catch(() => undefined);
}
