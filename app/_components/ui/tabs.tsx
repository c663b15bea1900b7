"use client";

import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

export interface TabItem {
  value: string;
  label: ReactNode;
  content: ReactNode;
}

/** Views of one thing. The chosen one may live in the URL: pass `value` and `onChange`. */
export function Tabs(props: {
  label: string;
  items: readonly TabItem[];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Radix.Root value={props.value} onValueChange={props.onChange}>
      <Radix.List aria-label={props.label} className="flex gap-5 overflow-x-auto border-line border-b">
        {props.items.map((item) => (
          <Radix.Trigger
            key={item.value}
            value={item.value}
            className="-mb-px whitespace-nowrap border-transparent border-b-2 px-0.5 py-2 text-13 text-soft hover:text-strong data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-strong"
          >
            {item.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {props.items.map((item) => (
        <Radix.Content key={item.value} value={item.value} className="pt-4">
          {item.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
