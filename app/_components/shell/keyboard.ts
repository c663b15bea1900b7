/** What a key press means, given whether `g` was pressed just before. */
export type Command =
  | { kind: "go"; key: string }
  | { kind: "prefix" }
  | { kind: "pause" | "range-shorter" | "range-longer" | "optimize" | "help" | "palette" };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** True where letters are text: in an input, or while a dialog is open. */
  typing: boolean;
}

const SINGLE: Readonly<Record<string, Command>> = {
  p: { kind: "pause" },
  "[": { kind: "range-shorter" },
  "]": { kind: "range-longer" },
  o: { kind: "optimize" },
  "?": { kind: "help" },
  g: { kind: "prefix" },
};

/** How long a `g` waits for its second key. */
export const PREFIX_MS = 1500;

export function commandFor(press: KeyPress, afterPrefix: boolean): Command | null {
  if ((press.metaKey || press.ctrlKey) && press.key.toLowerCase() === "k") return { kind: "palette" };
  if (press.typing || press.metaKey || press.ctrlKey || press.altKey) return null;
  if (afterPrefix) return { kind: "go", key: press.key };
  return Object.hasOwn(SINGLE, press.key) ? (SINGLE[press.key] ?? null) : null;
}

/** The list that `?` shows. */
export const KEY_HELP: readonly { keys: string; does: string }[] = [
  { keys: "⌘K / Ctrl K", does: "Find a page, action or setting" },
  { keys: "p", does: "Pause and resume live figures" },
  { keys: "[ and ]", does: "Shorter or longer time range" },
  { keys: "o", does: "Open the Optimize dialog" },
  { keys: "Esc", does: "Close, or reset a chart's zoom" },
  { keys: "?", does: "Show this list" },
];
