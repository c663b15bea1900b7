/** The shape of a series in a line of text. A gap (`null`) stays a gap. Decorative: the figure beside it is what counts. */
export function Sparkline(props: {
  values: readonly (number | null)[];
  colour: string;
  /** A horizontal line, in the values' unit: a bound or a goal. */
  threshold?: number;
  min?: number;
  max?: number;
}) {
  const { values, colour, threshold } = props;
  const known = values.filter((value) => value !== null);
  const low = props.min ?? Math.min(...known, threshold ?? Number.POSITIVE_INFINITY);
  const high = props.max ?? Math.max(...known, threshold ?? Number.NEGATIVE_INFINITY);
  const span = high - low || 1;
  const y = (value: number) => 30 - ((value - low) / span) * 28;
  return (
    <svg aria-hidden viewBox="0 0 120 32" preserveAspectRatio="none" className="h-8 w-full">
      {threshold === undefined ? null : (
        <line
          x1={0}
          x2={120}
          y1={y(threshold)}
          y2={y(threshold)}
          stroke="var(--line-strong)"
          strokeDasharray="3 3"
          vectorEffect="non-scaling-stroke"
        />
      )}
      <path
        d={sparkPath(values, y)}
        fill="none"
        stroke={colour}
        strokeWidth={1.5}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

function sparkPath(values: readonly (number | null)[], y: (value: number) => number): string {
  let pen = "M";
  const parts: string[] = [];
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    const x = values.length > 1 ? (index / (values.length - 1)) * 120 : 0;
    parts.push(`${pen}${x.toFixed(1)} ${y(value).toFixed(1)}`);
    pen = "L";
  });
  return parts.join("");
}
