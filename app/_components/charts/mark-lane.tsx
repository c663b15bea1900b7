"use client";

import { usePlotArea, useXAxisScale } from "recharts";
import type { Mark } from "./series.ts";

export const MARK_LANE_PX = 20;

const GLYPH: Record<Mark["kind"], { path: string; colour: string }> = {
  optimization: { path: "M0-6 6 0 0 6-6 0Z", colour: "var(--accent)" },
  settings: { path: "M-5-5H5V5H-5Z", colour: "var(--text-faint)" },
  restart: { path: "M0-6 6 5H-6Z", colour: "var(--warn)" },
  eviction: { path: "M0 6 6-5H-6Z", colour: "var(--series-cache)" },
  alert: { path: "M-2-6H2V2H-2ZM-2 4H2V7H-2Z", colour: "var(--crit)" },
};

/** What happened when, as glyphs under the time axis. Each tells its name on hover and to a screen reader. */
export function MarkLane({ marks }: { marks: readonly Mark[] }) {
  const plot = usePlotArea();
  const scale = useXAxisScale();
  if (!plot || !scale) return null;
  const y = plot.y + plot.height + 24 + MARK_LANE_PX / 2;
  return (
    <g>
      {marks.map((mark) => {
        const x = Number(scale(mark.atMs));
        if (!(x >= plot.x && x <= plot.x + plot.width)) return null;
        const glyph = GLYPH[mark.kind];
        return (
          <g key={`${mark.kind}-${mark.atMs}-${mark.label}`} transform={`translate(${x} ${y})`}>
            <title>{mark.label}</title>
            <line
              y1={-(MARK_LANE_PX / 2) - 24}
              y2={-(MARK_LANE_PX / 2) - 24 - plot.height}
              stroke={glyph.colour}
              strokeOpacity={0.5}
              strokeDasharray="2 3"
            />
            {mark.href ? (
              <a href={mark.href} aria-label={mark.label}>
                <path d={glyph.path} fill={glyph.colour} />
              </a>
            ) : (
              <path d={glyph.path} fill={glyph.colour} />
            )}
          </g>
        );
      })}
    </g>
  );
}
