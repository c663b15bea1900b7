import type { LucideIcon } from "lucide-react";
import { type ReactNode, useId } from "react";
import { classNames } from "./class-names.ts";
import { PanelBody } from "./panel-body.tsx";
import { type PanelState, READY } from "./panel-state.ts";
import { RelativeTime } from "./relative-time.tsx";

export interface PanelProps {
  title: string;
  icon?: LucideIcon;
  /** One line under the title, in words. */
  description?: ReactNode;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  state?: PanelState;
  /** Height of the body in every state, in CSS: what reserves the room before the data is there. */
  minHeight?: string;
  /** The body without its padding, for tables and charts that go to the edge. */
  flush?: boolean;
  className?: string;
  children?: ReactNode;
}

/** A card with a heading, and with every state that its data can be in. */
export function Panel(props: PanelProps) {
  const {
    title,
    icon: Icon,
    description,
    actions,
    state = READY,
    minHeight,
    flush = false,
    className,
    children,
  } = props;
  const titleId = useId();
  return (
    <section
      aria-labelledby={titleId}
      aria-busy={state.kind === "loading" || undefined}
      className={classNames("flex min-w-0 flex-col rounded-md border border-line bg-surface-1", className)}
    >
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 pt-3">
        <div className="min-w-0 grow basis-48">
          <h2 id={titleId} className="flex items-center gap-2 text-14">
            {Icon ? <Icon aria-hidden className="size-4 text-faint" /> : null}
            {title}
            <Age state={state} />
          </h2>
          {description ? <p className="text-12 text-faint">{description}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </header>
      <PanelBody state={state} {...(minHeight === undefined ? {} : { minHeight })} flush={flush}>
        {children}
      </PanelBody>
    </section>
  );
}

/** How old greyed figures are; in the heading, where it moves nothing. */
function Age({ state }: { state: PanelState }) {
  if (state.kind !== "stale" && state.kind !== "disconnected") return null;
  return (
    <span className="font-normal text-12 text-warn">
      {state.kind === "stale" ? "stale" : "disconnected"}
      {state.sinceMs === null ? null : (
        <>
          , last figures <RelativeTime atMs={state.sinceMs} />
        </>
      )}
    </span>
  );
}
