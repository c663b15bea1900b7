import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

// Our type scale is `text-12 … text-40`; without this the merge would take it for a colour and drop one of the two.
const merge = extendTailwindMerge({
  extend: { classGroups: { "font-size": [{ text: ["12", "13", "14", "16", "20", "28", "40"] }] } },
});

/** Joins class names; of two utilities for the same property the later wins. */
export function classNames(...values: ClassValue[]): string {
  return merge(clsx(values));
}
