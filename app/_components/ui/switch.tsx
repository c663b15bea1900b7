"use client";

import { Switch as Radix } from "radix-ui";

export function Switch(props: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <Radix.Root
      aria-label={props.label}
      checked={props.checked}
      onCheckedChange={props.onChange}
      disabled={props.disabled ?? false}
      className="h-5 w-9 shrink-0 rounded-full border border-line-strong bg-surface-2 px-0.5 disabled:opacity-55 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
    >
      <Radix.Thumb className="block size-3.5 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-4 data-[state=checked]:bg-accent-text" />
    </Radix.Root>
  );
}
