import { classNames } from "./class-names.ts";

export type MeterTone = "accent" | "ok" | "warn" | "crit";

const FILL: Record<MeterTone, string> = { accent: "bg-accent", ok: "bg-ok", warn: "bg-warn", crit: "bg-crit" };

export interface MeterPart {
  label: string;
  value: number;
  /** A CSS colour: a series token. */
  colour: string;
  hatched?: boolean;
}

export interface MeterProps {
  /** What is measured, for those who do not see the bar. */
  label: string;
  value: number;
  max: number;
  /** The value in words: "412 MiB of 1,024 MiB". */
  valueText: string;
  tone?: MeterTone;
  /** Thresholds as shares of `max`, drawn as ticks with their name below. */
  ticks?: readonly { at: number; label: string }[];
  /** Splits the filled part by component instead of one tone. */
  parts?: readonly MeterPart[];
  size?: "sm" | "md" | "lg";
}

const HEIGHT = { sm: "h-1.5", md: "h-2.5", lg: "h-4" };

/** A bar against a bound, with named ticks. */
export function Meter({ label, value, max, valueText, tone = "accent", ticks = [], parts, size = "md" }: MeterProps) {
  const share = (part: number) => `${max > 0 ? Math.min(100, Math.max(0, (part / max) * 100)) : 0}%`;
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> cannot show parts or ticks */}
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(Math.max(value, 0), max)}
        aria-valuetext={valueText}
        className={classNames(
          "relative flex overflow-hidden rounded-sm bg-surface-2 ring-1 ring-line ring-inset",
          HEIGHT[size],
        )}
      >
        {parts ? (
          parts.map((part) => (
            <span
              key={part.label}
              title={part.label}
              className="h-full border-surface-1 border-r last:border-r-0"
              style={{ width: share(part.value), background: part.hatched ? hatch(part.colour) : part.colour }}
            />
          ))
        ) : (
          <span className={classNames("h-full rounded-sm", FILL[tone])} style={{ width: share(value) }} />
        )}
        {ticks.map((tick) => (
          <span
            key={tick.label}
            className="absolute inset-y-0 w-0.5 bg-strong/70"
            style={{ left: `${tick.at * 100}%` }}
          />
        ))}
      </div>
      {ticks.length > 0 ? (
        <div aria-hidden className="relative h-5 text-12 text-faint">
          {ticks.map((tick) => (
            <span key={tick.label} className="absolute top-0.5 -translate-x-1/2" style={{ left: `${tick.at * 100}%` }}>
              {tick.label}
            </span>
          ))}
        </div>
      ) : null}
    </div>
  );
}

function hatch(colour: string): string {
  return `repeating-linear-gradient(45deg, ${colour} 0 2px, transparent 2px 5px)`;
}
