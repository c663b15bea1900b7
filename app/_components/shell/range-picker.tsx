"use client";

import { RANGE_NAMES, RANGES } from "../../../lib/client/timeline/range.ts";
import { Select } from "../ui/field.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { useRange } from "./view-state.ts";

const OPTIONS = RANGES.map((range) => ({ value: range, label: range, name: RANGE_NAMES[range] }));

export function RangePicker() {
  const [range, setRange] = useRange();
  return (
    <>
      <div className="hidden xl:block">
        <Segmented label="Time range" value={range} options={OPTIONS} onChange={(next) => void setRange(next)} />
      </div>
      <Select
        aria-label="Time range"
        className="w-40 xl:hidden"
        value={range}
        onChange={(event) => {
          const next = RANGES.find((one) => one === event.target.value);
          if (next) void setRange(next);
        }}
      >
        {RANGES.map((one) => (
          <option key={one} value={one}>
            {RANGE_NAMES[one]}
          </option>
        ))}
      </Select>
    </>
  );
}
