import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

const SIZES = { sm: "text-16", md: "text-20", lg: "text-28" };

/** A figure with its name above it and, below, what it is measured against. `null` shows a dash, never a zero. */
export function Stat(props: {
  label: string;
  value: ReactNode | null;
  hint?: ReactNode;
  size?: keyof typeof SIZES;
  className?: string;
}) {
  const { label, value, hint, size = "md", className } = props;
  return (
    <div className={classNames("min-w-0", className)}>
      <dt className="truncate text-12 text-faint">{label}</dt>
      <dd className={classNames("tabular truncate font-semibold text-strong", SIZES[size])}>{value ?? "–"}</dd>
      {hint === undefined ? null : <dd className="truncate text-12 text-faint">{hint}</dd>}
    </div>
  );
}

/** Lays `Stat`s out in as many columns as fit. */
export function StatGrid({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <dl className={classNames("grid grid-cols-[repeat(auto-fit,minmax(112px,1fr))] gap-x-6 gap-y-4", className)}>
      {children}
    </dl>
  );
}
