"use client";

import { useCallback, useEffect, useState } from "react";
import type { Group } from "../../../../lib/client/api-document/document.ts";

/** The ids of operations need no escapes, so an address with others names none of them. */
const hashOf = (): string => globalThis.location.hash.slice(1);

const has = (groups: readonly Group[], id: string): boolean =>
  groups.some(({ operations }) => operations.some((operation) => operation.id === id));

/**
 * Which operations are open. The address names the one that was opened last: `/docs#getSession` opens it, and brings it
 * into sight. `onHidden` is called when `shown` lacks it.
 */
export function useOpenOperations(all: readonly Group[], shown: readonly Group[], onHidden: () => void) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  /** An operation that the address names and the page has not brought into sight yet. */
  const [wanted, setWanted] = useState<string | null>(null);
  const isHidden = wanted !== null && !has(shown, wanted);

  useEffect(() => {
    const follow = () => {
      const id = hashOf();
      if (!has(all, id)) return;
      setOpen((before) => new Set(before).add(id));
      setWanted(id);
    };
    follow();
    globalThis.addEventListener("hashchange", follow);
    return () => globalThis.removeEventListener("hashchange", follow);
  }, [all]);

  useEffect(() => {
    if (wanted === null) return;
    if (isHidden) return onHidden();
    document.getElementById(wanted)?.scrollIntoView({ block: "start" });
    setWanted(null);
  }, [wanted, isHidden, onHidden]);

  const toggle = useCallback((id: string) => {
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
    const { pathname, search } = globalThis.location;
    globalThis.history.replaceState(globalThis.history.state, "", `${pathname}${search}#${id}`);
  }, []);

  return { isOpen: (id: string) => open.has(id), toggle };
}
