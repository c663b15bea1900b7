"use client";

import { LockKeyhole, type LucideIcon, RotateCw, Shapes, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { describeError } from "../../../lib/client/problem.ts";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";
import type { PanelState } from "./panel-state.ts";
import { Skeleton } from "./skeleton.tsx";

export function PanelBody(props: { state: PanelState; minHeight?: string; flush: boolean; children?: ReactNode }) {
  const { state, minHeight, flush, children } = props;
  const padding = flush ? "pt-3" : "px-4 pt-3 pb-4";
  const style = minHeight === undefined ? undefined : { minHeight };
  switch (state.kind) {
    case "ready":
      return (
        <div className={classNames("min-w-0 grow", padding)} style={style}>
          {children}
        </div>
      );
    case "loading":
      return (
        <div className={classNames("flex grow flex-col gap-3", "px-4 pt-3 pb-4")} style={style}>
          <span className="sr-only">Loading</span>
          <Skeleton className="h-5 w-2/5" />
          <Skeleton className="min-h-8 grow" />
        </div>
      );
    case "stale":
    case "disconnected":
      return (
        <div className={classNames("min-w-0 grow opacity-65 grayscale", padding)} style={style}>
          {children}
        </div>
      );
    case "empty":
      return (
        <Notice icon={Shapes} title={state.title} style={style}>
          {state.hint}
          {state.action ? <div className="mt-3">{state.action}</div> : null}
        </Notice>
      );
    case "no-permission":
      return (
        <Notice icon={LockKeyhole} title="Your key cannot see this" style={style}>
          {state.reason} Sign in with another key, or ask whoever runs this server.
        </Notice>
      );
    case "error":
      return <ErrorNotice error={state.error} style={style} {...(state.onRetry ? { onRetry: state.onRetry } : {})} />;
  }
}

function ErrorNotice(props: { error: unknown; onRetry?: () => void; style: { minHeight: string } | undefined }) {
  const { title, detail, requestId } = describeError(props.error);
  return (
    <Notice icon={TriangleAlert} title={title} style={props.style} tone="text-crit" role="alert">
      <p>{detail}</p>
      {requestId ? (
        <p className="mt-1 text-12 text-faint">
          Request <code className="font-mono">{requestId}</code>
        </p>
      ) : null}
      {props.onRetry ? (
        <Button size="sm" className="mt-3" onClick={props.onRetry}>
          <RotateCw aria-hidden className="size-3.5" /> Try again
        </Button>
      ) : null}
    </Notice>
  );
}

function Notice(props: {
  icon: LucideIcon;
  title: string;
  tone?: string;
  role?: "alert";
  style: { minHeight: string } | undefined;
  children?: ReactNode;
}) {
  const Icon = props.icon;
  return (
    <div
      role={props.role}
      style={props.style}
      className="flex grow flex-col items-center justify-center px-6 py-8 text-center text-13 text-soft"
    >
      <Icon aria-hidden className={classNames("mb-2 size-6 text-faint", props.tone)} strokeWidth={1.5} />
      <p className="font-medium text-14 text-strong">{props.title}</p>
      <div className="mt-1 max-w-[52ch]">{props.children}</div>
    </div>
  );
}
