"use client";

import { classNames } from "../ui/class-names.ts";
import type { ChartRow, Series } from "./series.ts";
import { formatFigure, type Unit } from "./units.ts";

/**
 * The names with their present values. A press hides or shows a series, Alt with it (or a double press) shows it alone.
 */
export function ChartLegend(props: {
  series: readonly Series[];
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
  current: ChartRow | undefined;
  unit: Unit;
}) {
  const { series, hidden, onHidden, current, unit } = props;
  function toggle(key: string) {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onHidden(next);
  }
  function isolate(key: string) {
    const others = series.filter((one) => one.key !== key).map((one) => one.key);
    const isAlone = others.every((other) => hidden.has(other)) && !hidden.has(key);
    onHidden(new Set(isAlone ? [] : others));
  }
  return (
    <ul className="flex flex-wrap gap-x-1 gap-y-0.5" aria-label="Legend">
      {series.map((one) => {
        const value = current?.[one.key];
        const isHidden = hidden.has(one.key);
        return (
          <li key={one.key}>
            <button
              type="button"
              aria-pressed={!isHidden}
              title="Click to hide or show; Alt+click to show only this one"
              onClick={(event) => (event.altKey ? isolate(one.key) : toggle(one.key))}
              onDoubleClick={() => isolate(one.key)}
              className={classNames(
                "flex h-7 items-center gap-1.5 rounded-md px-2 text-12 hover:bg-surface-2",
                isHidden && "line-through",
              )}
            >
              <Swatch series={one} off={isHidden} />
              <span className="text-soft">{one.label}</span>
              <span className="tabular font-medium text-strong">
                {typeof value === "number" ? formatFigure(value, unit) : "–"}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Swatch({ series, off }: { series: Series; off: boolean }) {
  const background = series.hatched
    ? `repeating-linear-gradient(45deg, ${series.colour} 0 2px, transparent 2px 4px)`
    : series.colour;
  return (
    <span
      aria-hidden
      className={classNames("size-2.5 rounded-[3px] border", series.kind === "line" && "h-0.5 border-0")}
      style={off ? {} : { background, borderColor: series.colour }}
    />
  );
}
