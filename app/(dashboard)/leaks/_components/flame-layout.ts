import type { FlameNode } from "../../../../lib/client/queries/leaks.ts";

export interface FlameBar {
  key: string;
  label: string;
  title: string;
  /** Shares of the whole width. */
  from: number;
  width: number;
  depth: number;
  bytes: number;
}

const MAX_DEPTH = 32;
/** Narrower bars cannot be seen, and there may be thousands of them. */
const NARROWEST = 0.003;

/** The call tree as bars, callers above what they called; widths are what was allocated there and below. */
export function flameLayout(head: FlameNode): FlameBar[] {
  const totals = new Map<FlameNode, number>();
  const sum = (node: FlameNode): number => {
    const total = node.selfSize + node.children.reduce((bytes, child) => bytes + sum(child), 0);
    totals.set(node, total);
    return total;
  };
  const all = sum(head);
  const bars: FlameBar[] = [];
  const place = (node: FlameNode, from: number, depth: number, path: string) => {
    const bytes = totals.get(node) ?? 0;
    const width = all === 0 ? 0 : bytes / all;
    if (width < NARROWEST || depth >= MAX_DEPTH) return;
    const { functionName, url, lineNumber } = node.callFrame;
    const label = functionName || "(anonymous)";
    bars.push({ key: path, label, title: `${label} ${url}:${lineNumber + 1}`, from, width, depth, bytes });
    let at = from;
    node.children.forEach((child, i) => {
      place(child, at, depth + 1, `${path}.${i}`);
      at += all === 0 ? 0 : (totals.get(child) ?? 0) / all;
    });
  };
  place(head, 0, 0, "0");
  return bars;
}
