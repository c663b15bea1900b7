"use client";

import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useCallback } from "react";
import type { Narrowing } from "../../../../lib/client/api-document/narrow.ts";

/** The roles that a reader may look from; empty for all operations. */
export const ROLE_CHOICES = ["", "viewer", "consumer", "operator"] as const;

const KEYS = {
  text: parseAsString.withDefault(""),
  group: parseAsString.withDefault(""),
  role: parseAsStringLiteral(ROLE_CHOICES).withDefault(""),
};

/** What is looked for, in the URL: a link shows what its sender saw. */
export function useNarrowing() {
  const [narrowing, set] = useQueryStates(KEYS, { urlKeys: { text: "q" } });
  const narrow = useCallback((change: Partial<Narrowing>) => void set(change as Parameters<typeof set>[0]), [set]);
  const widen = useCallback(() => void set(null), [set]);
  return { narrowing, narrow, widen };
}
