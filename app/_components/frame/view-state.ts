"use client";

import { parseAsBoolean, parseAsStringLiteral, useQueryState } from "nuqs";
import { RANGES } from "../../../lib/client/timeline/range.ts";

/** The time window of every chart on the page, in the URL: a link shows what its sender saw. */
export function useRange() {
  return useQueryState("range", parseAsStringLiteral(RANGES).withDefault("15m"));
}

/** Whether charts also show the window before. */
export function useCompare() {
  return useQueryState("compare", parseAsBoolean.withDefault(false));
}
