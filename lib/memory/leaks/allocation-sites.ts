/** One place in application code, and what was allocated below it and is still held. */
export interface SiteBytes {
  /** `function (file:line)`, source-mapped where a map is known. */
  readonly site: string;
  readonly functionName: string;
  /** Deeper is nearer to the allocation. */
  readonly depth: number;
  readonly liveBytes: number;
}

/** The node of a sampling heap profile, as V8's inspector gives it. */
export interface ProfileNode {
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

export type MapFrame = (frame: ProfileNode["callFrame"]) => { file: string; line: number };

/** Sites kept of one profile: the rest holds next to nothing. */
export const MAX_SITES = 64;

const asIs: MapFrame = (frame) => ({ file: frame.url.replace(/^file:\/\//, ""), line: frame.lineNumber + 1 });

/**
 * Live bytes per application frame, cumulative: what a frame and all that it called allocated. Frames of Node itself and of
 * installed packages pass their bytes on to who called them: an operator can change the caller.
 */
export function foldProfile(head: ProfileNode, mapFrame: MapFrame = asIs): SiteBytes[] {
  const totals = new Map<string, { functionName: string; depth: number; liveBytes: number }>();
  const stack: { node: ProfileNode; path: readonly string[] }[] = [{ node: head, path: [] }];
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, path } = entry;
    const site = isApplication(node.callFrame.url) ? siteOf(node.callFrame, mapFrame) : null;
    const here = site === null || path.includes(site) ? path : [...path, site];
    here.forEach((name, index) => {
      const total = totals.get(name) ?? { functionName: name.split(" (")[0] ?? name, depth: 0, liveBytes: 0 };
      total.depth = Math.max(total.depth, index);
      total.liveBytes += node.selfSize;
      totals.set(name, total);
    });
    for (const child of node.children) stack.push({ node: child, path: here });
  }
  return [...totals]
    .map(([site, total]) => ({ site, ...total }))
    .sort((a, b) => b.liveBytes - a.liveBytes)
    .slice(0, MAX_SITES);
}

function isApplication(url: string): boolean {
  return url !== "" && !url.startsWith("node:") && !url.includes("/node_modules/") && !url.includes("headroom-agent");
}

function siteOf(frame: ProfileNode["callFrame"], mapFrame: MapFrame): string {
  const { file, line } = mapFrame(frame);
  return `${frame.functionName || "(anonymous)"} (${file}:${line})`;
}
