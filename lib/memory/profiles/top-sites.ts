import type { ProfileNode } from "../leaks/allocation-sites.ts";

const MAX_ROWS = 100;

export interface TopSite {
  site: string;
  /** Allocated by the function itself. */
  selfBytes: number;
  /** And by all that it called. */
  totalBytes: number;
}

/** The functions of a profile by what they allocated, Node's own and packages' among them: a profile shows all. */
export function topSites(head: ProfileNode): TopSite[] {
  const rows = new Map<string, TopSite>();
  const stack: { node: ProfileNode; path: readonly string[] }[] = [{ node: head, path: [] }];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, path } = entry;
    const { functionName, url, lineNumber } = node.callFrame;
    const site = `${functionName || "(anonymous)"} (${url.replace(/^file:\/\//, "") || "native"}:${lineNumber + 1})`;
    const here = path.includes(site) ? path : [...path, site];
    for (const name of here) {
      const row = rows.get(name) ?? { site: name, selfBytes: 0, totalBytes: 0 };
      row.totalBytes += node.selfSize;
      if (name === site) row.selfBytes += node.selfSize;
      rows.set(name, row);
    }
    for (const child of node.children) stack.push({ node: child, path: here });
  }
  return [...rows.values()].sort((a, b) => b.selfBytes - a.selfBytes).slice(0, MAX_ROWS);
}
