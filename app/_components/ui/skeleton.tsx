import { classNames } from "./class-names.ts";

/** A grey block of the final size, so that nothing moves when the data comes. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classNames("block animate-pulse rounded-md bg-surface-2", className)} />;
}
