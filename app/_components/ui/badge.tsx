import { Check, CircleDashed, Info, type LucideIcon, Minus, Square, Triangle } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "./class-names.ts";

export type Tone = "ok" | "warn" | "crit" | "info" | "muted" | "pending";

const TONES: Record<Tone, { icon: LucideIcon; classes: string; filled?: boolean }> = {
  ok: { icon: Check, classes: "bg-ok-wash text-ok" },
  warn: { icon: Triangle, classes: "bg-warn-wash text-warn", filled: true },
  crit: { icon: Square, classes: "bg-crit-wash text-crit", filled: true },
  info: { icon: Info, classes: "bg-accent-wash text-accent" },
  muted: { icon: Minus, classes: "bg-surface-2 text-soft" },
  pending: { icon: CircleDashed, classes: "bg-surface-2 text-soft" },
};

/** A state as icon and word: never by colour alone. */
export function Badge({
  tone = "muted",
  icon,
  children,
  className,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
  className?: string;
}) {
  const style = TONES[tone];
  const Icon = icon ?? style.icon;
  return (
    <span
      className={classNames(
        "inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-md px-2 font-medium text-12",
        style.classes,
        className,
      )}
    >
      <Icon aria-hidden className="size-3" fill={style.filled && !icon ? "currentColor" : "none"} strokeWidth={2.5} />
      {children}
    </span>
  );
}
