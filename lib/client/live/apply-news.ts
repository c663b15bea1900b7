import type { QueryClient, QueryKey } from "@tanstack/react-query";

/**
 * Changes what a query holds by what an event tells: at once, and once more in the answer that is under way, which was perhaps
 * read before the event, or is the first. The events of a thing come in order, so the last of them also has the last word.
 */
export function applyNews<Data>(client: QueryClient, queryKey: QueryKey, change: (data: Data) => Data): void {
  const apply = () => client.setQueryData<Data>(queryKey, (data) => data && change(data));
  apply();
  const query = client.getQueryCache().find({ queryKey, exact: true });
  // What is under way is joined, not begun anew; when it fails there is nothing to change.
  if (query && query.state.fetchStatus !== "idle") query.fetch().then(apply, () => undefined);
}
