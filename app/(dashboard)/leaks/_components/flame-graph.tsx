"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { flameQuery } from "../../../../lib/client/queries/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Skeleton } from "../../../_components/ui/skeleton.tsx";
import { flameLayout } from "./flame-layout.ts";

const BAR = 18;
const WIDTH = 1_000;
/** Characters that fit in one unit of the drawing's width. */
const CHARACTERS = 0.14;

/** Callers above, callees below, as wide as what they allocated. The table beside it tells the same in words. */
export function FlameGraph({ id }: { id: string }) {
  const query = useQuery(flameQuery(id));
  const bars = useMemo(() => (query.data ? flameLayout(query.data) : []), [query.data]);
  if (query.isError) return <p className="text-crit">The profile could not be read.</p>;
  if (query.isPending) return <Skeleton className="h-48" />;
  const rows = Math.max(0, ...bars.map((bar) => bar.depth)) + 1;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${rows * BAR}`} className="w-full" role="img" aria-label="Flame graph of allocations">
      {bars.map((bar) => {
        const width = bar.width * WIDTH;
        const room = Math.floor(width * CHARACTERS);
        return (
          <g key={bar.key}>
            <title>{`${bar.title}: ${formatBytes(bar.bytes)}`}</title>
            <rect
              x={bar.from * WIDTH}
              y={bar.depth * BAR}
              width={Math.max(0, width - 0.5)}
              height={BAR - 1}
              fill="var(--series-rag)"
              fillOpacity={0.35 + 0.4 * bar.width}
            />
            {room >= 4 ? (
              <text x={bar.from * WIDTH + 4} y={bar.depth * BAR + 12} fontSize={10} fill="var(--text-strong)">
                {bar.label.slice(0, room)}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}
