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

/** An address of ours with the present window kept: going to another page is no reason to look at another time. */
export function useKeepView(): (href: string) => string {
  const [range] = useQueryState("range", parseAsStringLiteral(RANGES));
  const [compare] = useQueryState("compare", parseAsBoolean);
  return (href) => {
    const [path = "/", search = ""] = href.split("?");
    const parameters = new URLSearchParams(search);
    if (range !== null) parameters.set("range", range);
    if (compare !== null) parameters.set("compare", String(compare));
    const text = parameters.toString();
    return text === "" ? path : `${path}?${text}`;
  };
}

/** Whether the optimizer's plan is open: in the URL, so that any page can lead to it. */
export function useOptimizeOpen() {
  return useQueryState("optimize", parseAsBoolean.withDefault(false));
}
