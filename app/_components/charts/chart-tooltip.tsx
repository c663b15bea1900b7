import type { ChartRow, Series } from "./series.ts";
import { formatFigure, type Unit } from "./units.ts";

const MOMENT = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

interface Given {
  active?: boolean;
  payload?: readonly { payload?: ChartRow }[];
}

/** What stands at the crosshair, in the order in which it is stacked on the screen: top first. */
export function ChartTooltip(props: { series: readonly Series[]; unit: Unit; total: boolean } & Given) {
  const row = props.payload?.[0]?.payload;
  if (!props.active || !row) return null;
  const shown = [...props.series].reverse().filter((one) => typeof row[one.key] === "number");
  if (shown.length === 0) return null;
  const total = shown.reduce((sum, one) => sum + (one.stack ? (row[one.key] ?? 0) : 0), 0);
  return (
    <div className="min-w-44 rounded-md border border-line bg-surface-1 px-3 py-2 text-12 shadow-panel">
      <p className="mb-1 text-faint">{MOMENT.format(row.atMs)}</p>
      <table className="w-full">
        <tbody>
          {shown.map((one) => (
            <tr key={one.key}>
              <td className="pr-3 text-soft">
                <span className="mr-2 inline-block size-2 rounded-[2px]" style={{ background: one.colour }} />
                {one.label}
              </td>
              <td className="text-right font-medium text-strong">{formatFigure(row[one.key] ?? 0, props.unit)}</td>
            </tr>
          ))}
          {props.total ? (
            <tr className="border-line border-t">
              <td className="pt-1 text-soft">Total</td>
              <td className="pt-1 text-right font-medium text-strong">{formatFigure(total, props.unit)}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
    </div>
  );
}
