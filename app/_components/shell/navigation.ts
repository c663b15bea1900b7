import {
  Archive,
  BookOpen,
  FileInput,
  Gauge,
  Library,
  type LucideIcon,
  ScanSearch,
  Shapes,
  SlidersHorizontal,
  Users,
  Zap,
} from "lucide-react";
import { DOCS_PATH } from "../../../lib/client/own-path.ts";
import type { Role } from "../../../lib/contracts/auth.ts";

export interface Destination {
  href: string;
  label: string;
  icon: LucideIcon;
  /** Who has a use for it, beside the operator. */
  roles: readonly Role[];
  /** Pressed after `g`. */
  key: string;
  /** What the page answers, for the palette. */
  answers: string;
}

const VIEWER = ["viewer"] as const;
const BOTH = ["viewer", "consumer"] as const;

/** Every page in the order of the navigation. A new page adds its line here, and nothing else. */
export const NAVIGATION: readonly Destination[] = [
  {
    href: "/",
    roles: VIEWER,
    label: "Overview",
    icon: Gauge,
    key: "o",
    answers: "Overall health and memory use",
  },
  {
    href: "/sessions",
    roles: BOTH,
    label: "Sessions",
    icon: Users,
    key: "s",
    answers: "Live sessions and the memory they use",
  },
  {
    href: "/cache",
    roles: BOTH,
    label: "Cache",
    icon: Archive,
    key: "c",
    answers: "Cached responses and hit ratio",
  },
  {
    href: "/vectors",
    roles: BOTH,
    label: "Vectors",
    icon: Shapes,
    key: "v",
    answers: "Collections, tiers, precision and recall",
  },
  {
    href: "/optimizer",
    roles: VIEWER,
    label: "Optimizer",
    icon: Zap,
    key: "z",
    answers: "Optimization runs and recommendations",
  },
  {
    href: "/leaks",
    roles: VIEWER,
    label: "Leaks",
    icon: ScanSearch,
    key: "l",
    answers: "Leak verdicts, growth rates and allocation sites",
  },
  {
    href: "/rag",
    roles: BOTH,
    label: "Documents",
    icon: Library,
    key: "r",
    answers: "Documents, conversations and search",
  },
  {
    href: "/streams",
    roles: BOTH,
    label: "Streams",
    icon: FileInput,
    key: "t",
    answers: "Uploads and their progress",
  },
  {
    href: "/settings",
    roles: [],
    label: "Settings",
    icon: SlidersHorizontal,
    key: ",",
    answers: "Limits, thresholds, API keys and the audit log",
  },
  {
    href: DOCS_PATH,
    roles: BOTH,
    label: "API",
    icon: BookOpen,
    key: "a",
    answers: "Documentation of every operation",
  },
];

/** The destination that a path belongs to: `/sessions/abc` is Sessions. */
export function destinationOf(path: string): Destination | undefined {
  return NAVIGATION.findLast(({ href }) =>
    href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`),
  );
}
