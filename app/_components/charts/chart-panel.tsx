"use client";

import { ChartLine, Download, FileImage, FileSpreadsheet, Table2, ZoomOut } from "lucide-react";
import dynamic from "next/dynamic";
import { DropdownMenu } from "radix-ui";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { type PanelState, READY } from "../ui/panel-state.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { toastError } from "../ui/toast.ts";
import { Tooltip } from "../ui/tooltip.tsx";
import { ChartLegend } from "./chart-legend.tsx";
import { ChartTable } from "./chart-table.tsx";
import { download, rowsToCsv, svgToPng } from "./export.ts";
import { newestRow, type Series } from "./series.ts";
import type { TimeChartProps } from "./time-chart.tsx";

const TimeChart = dynamic(() => import("./time-chart.tsx"), {
  ssr: false,
  loading: () => <Skeleton className="mx-4 h-full" />,
});

type Passed = Omit<TimeChartProps, "label" | "onZoom" | "height" | "series">;

export interface ChartPanelProps extends Passed {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  series: readonly Series[];
  state?: PanelState;
  /** Height of the plot in pixels; the legend is above it. */
  height?: number;
  className?: string;
}

/**
 * A chart over time in its panel: legend that hides, shows and isolates, the same data as a table, CSV and PNG,
 * zoom by dragging and back by Esc. Every state keeps the height.
 */
export function ChartPanel(props: ChartPanelProps) {
  const {
    title,
    description,
    actions,
    series,
    state = READY,
    height = 240,
    className,
    rows,
    domain,
    unit,
    ...passed
  } = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [asTable, setAsTable] = useState(false);
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const body = useRef<HTMLDivElement>(null);
  useEscape(zoom !== null, () => setZoom(null));

  const window = zoom ?? domain;
  const inWindow = zoom ? rows.filter((row) => row.atMs >= zoom[0] && row.atMs <= zoom[1]) : rows;
  const drawn = series.filter((one) => !hidden.has(one.key));
  const fileName = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

  function savePng() {
    const svg = body.current?.querySelector<SVGSVGElement>("svg.recharts-surface");
    if (!svg) return;
    const background = getComputedStyle(document.documentElement).backgroundColor;
    svgToPng(svg, background).then((blob) => download(`${fileName}.png`, blob), toastError);
  }

  return (
    <Panel
      title={title}
      description={description}
      state={state}
      minHeight={`${height + 52}px`}
      flush
      {...(className === undefined ? {} : { className })}
      actions={
        <>
          {actions}
          {zoom ? (
            <Button size="sm" onClick={() => setZoom(null)}>
              <ZoomOut aria-hidden className="size-3.5" /> Zoom out
            </Button>
          ) : null}
          <Tooltip content={asTable ? "Show the chart" : "Show the same data as a table"}>
            <Button
              variant="ghost"
              size="icon-sm"
              aria-pressed={asTable}
              aria-label={`${title} as a table`}
              onClick={() => setAsTable(!asTable)}
            >
              {asTable ? <ChartLine aria-hidden className="size-4" /> : <Table2 aria-hidden className="size-4" />}
            </Button>
          </Tooltip>
          <ExportMenu
            title={title}
            onCsv={() => download(`${fileName}.csv`, new Blob([rowsToCsv(inWindow, series)], { type: "text/csv" }))}
            onPng={asTable ? null : savePng}
          />
        </>
      }
    >
      <div className="px-2">
        <ChartLegend
          series={series}
          hidden={hidden}
          onHidden={setHidden}
          current={newestRow(rows, series)}
          unit={unit}
        />
      </div>
      <div ref={body} className="pt-1" style={{ height: height + 8 }}>
        {asTable ? (
          <ChartTable label={title} rows={inWindow} series={drawn} unit={unit} height={height} />
        ) : (
          <TimeChart
            {...passed}
            label={title}
            rows={inWindow}
            domain={window}
            series={drawn}
            unit={unit}
            height={height}
            onZoom={setZoom}
          />
        )}
      </div>
    </Panel>
  );
}

function useEscape(active: boolean, leave: () => void): void {
  const latest = useRef(leave);
  latest.current = leave;
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && latest.current();
    globalThis.addEventListener("keydown", onKey);
    return () => globalThis.removeEventListener("keydown", onKey);
  }, [active]);
}

function ExportMenu(props: { title: string; onCsv: () => void; onPng: (() => void) | null }) {
  const item =
    "flex h-8 cursor-pointer items-center gap-2 rounded-sm px-2 text-13 text-strong outline-none data-[highlighted]:bg-surface-2";
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={`Export ${props.title}`}>
          <Download aria-hidden className="size-4" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-36 rounded-md border border-line bg-surface-1 p-1 shadow-panel"
        >
          <DropdownMenu.Item className={item} onSelect={props.onCsv}>
            <FileSpreadsheet aria-hidden className="size-4 text-faint" /> CSV
          </DropdownMenu.Item>
          {props.onPng ? (
            <DropdownMenu.Item className={item} onSelect={props.onPng}>
              <FileImage aria-hidden className="size-4 text-faint" /> PNG
            </DropdownMenu.Item>
          ) : null}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
