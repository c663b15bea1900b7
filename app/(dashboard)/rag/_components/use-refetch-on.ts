import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

/** Asks for a list again when what is counted of it changes; the list stays in sight meanwhile. */
export function useRefetchOn(count: string | undefined, queryKey: QueryKey): void {
  const client = useQueryClient();
  const last = useRef(count);
  useEffect(() => {
    if (count === undefined || last.current === count) return;
    // The first count is that of the list which was just asked for.
    if (last.current !== undefined) void client.invalidateQueries({ queryKey, exact: true });
    last.current = count;
  }, [client, count, queryKey]);
}
