import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { classNames } from "./class-names.ts";

const button = cva(
  "inline-flex shrink-0 items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55",
  {
    variants: {
      variant: {
        primary: "bg-accent text-accent-text hover:bg-accent/90",
        secondary: "border border-line-strong/60 bg-surface-1 text-strong hover:bg-surface-2",
        ghost: "text-soft hover:bg-surface-2 hover:text-strong",
        danger: "border border-crit/60 bg-surface-1 text-crit hover:bg-crit-wash",
      },
      size: {
        sm: "h-7 px-2.5 text-12",
        md: "h-9 px-3.5 text-13",
        lg: "h-10 px-5 text-14",
        icon: "size-9 text-13",
        "icon-sm": "size-7 text-12",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof button> {
  /** Renders the child (a link) with the looks of a button. */
  asChild?: boolean;
  /** Shows a spinner in place of the icon and refuses further presses; the width stays. */
  busy?: boolean;
}

export function Button({ className, variant, size, asChild, busy = false, disabled, children, ...props }: ButtonProps) {
  const classes = classNames(button({ variant, size }), className);
  if (asChild) {
    return (
      <Slot.Root className={classes} {...props}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button type="button" className={classes} disabled={disabled || busy} aria-busy={busy || undefined} {...props}>
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-spin" /> : null}
      {children}
    </button>
  );
}
