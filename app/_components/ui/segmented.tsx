"use client";

import { ToggleGroup } from "radix-ui";
import type { ReactNode } from "react";

export interface SegmentedOption<Value extends string> {
  value: Value;
  label: ReactNode;
  /** Read out instead of a label that is an icon or an abbreviation. */
  name?: string;
}

/** One of a few, all in sight. Arrow keys move within it. */
export function Segmented<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly SegmentedOption<Value>[];
  onChange: (value: Value) => void;
}) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={props.label}
      value={props.value}
      onValueChange={(value) => {
        const chosen = props.options.find((option) => option.value === value);
        if (chosen) props.onChange(chosen.value);
      }}
      className="inline-flex h-9 items-center gap-0.5 rounded-md border border-line bg-surface-2 p-0.5"
    >
      {props.options.map((option) => (
        <ToggleGroup.Item
          key={option.value}
          value={option.value}
          aria-label={option.name}
          className="flex h-full min-w-8 items-center justify-center gap-1.5 rounded-[6px] px-2.5 text-12 text-soft hover:text-strong data-[state=on]:bg-surface-1 data-[state=on]:font-medium data-[state=on]:text-strong data-[state=on]:ring-1 data-[state=on]:ring-line"
        >
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
