import {
  Archive,
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
    answers: "Is all well, and where is the memory?",
  },
  {
    href: "/sessions",
    roles: BOTH,
    label: "Sessions",
    icon: Users,
    key: "s",
    answers: "Who is logged in, and what does that take?",
  },
  {
    href: "/cache",
    roles: BOTH,
    label: "Cache",
    icon: Archive,
    key: "c",
    answers: "What is answered from memory, and how often?",
  },
  {
    href: "/vectors",
    roles: BOTH,
    label: "Vectors",
    icon: Shapes,
    key: "v",
    answers: "How many vectors, at what precision, and how well are they found?",
  },
  {
    href: "/optimizer",
    roles: VIEWER,
    label: "Optimizer",
    icon: Zap,
    key: "z",
    answers: "What was freed, and what would help?",
  },
  {
    href: "/leaks",
    roles: VIEWER,
    label: "Leaks",
    icon: ScanSearch,
    key: "l",
    answers: "Is memory leaking, how fast, in which code?",
  },
  {
    href: "/rag",
    roles: BOTH,
    label: "Documents",
    icon: Library,
    key: "r",
    answers: "Documents, conversations and what they answer",
  },
  {
    href: "/streams",
    roles: BOTH,
    label: "Streams",
    icon: FileInput,
    key: "t",
    answers: "Which files are on their way in, and how far?",
  },
  {
    href: "/settings",
    roles: [],
    label: "Settings",
    icon: SlidersHorizontal,
    key: ",",
    answers: "Limits, thresholds, API keys and who changed what",
  },
];

/** The destination that a path belongs to: `/sessions/abc` is Sessions. */
export function destinationOf(path: string): Destination | undefined {
  return NAVIGATION.findLast(({ href }) =>
    href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`),
  );
}
