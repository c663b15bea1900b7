"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useCallback, useEffect, useRef, useState } from "react";
import { useLiveEvent } from "../../../lib/client/live/live-context.tsx";
import { describeError } from "../../../lib/client/problem.ts";
import { memoryKeys, memoryReportQuery, type OptimizeRequest, optimize } from "../../../lib/client/queries/memory.ts";
import type { OptimizationRun } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { PlanTable } from "../../_components/optimizer/plan-table.tsx";
import type { RunStep } from "../../_components/optimizer/run-labels.ts";
import { RunOutcome } from "../../_components/optimizer/run-outcome.tsx";
import { Button } from "../../_components/ui/button.tsx";
import { Dialog } from "../../_components/ui/dialog.tsx";
import { Segmented } from "../../_components/ui/segmented.tsx";
import { Skeleton } from "../../_components/ui/skeleton.tsx";

const TARGETS = [
  { value: "lossless", label: "Lossless only" },
  { value: "0.7", label: "to 70 %" },
  { value: "0.6", label: "to 60 %" },
  { value: "0.5", label: "to 50 %" },
] as const;
type Target = (typeof TARGETS)[number]["value"];

/** Preview, choice, run, outcome. The plan is a dry run of the server; nothing here is reckoned by the page. */
export function OptimizeDialog({ onClose }: { onClose: () => void }) {
  const [target, setTarget] = useState<Target>("lossless");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [progress, setProgress] = useState<OptimizationRun | null>(null);
  const client = useQueryClient();
  const { data: report } = useQuery(memoryReportQuery);
  const plan = useQuery({
    queryKey: [...memoryKeys.preview, target],
    queryFn: ({ signal }) => optimize({ dryRun: true, ...targetOf(target) }, signal),
    staleTime: 0,
  });
  const steps = plan.data?.steps ?? [];
  const chosen = new Set(steps.map(({ step }) => step).filter((step) => !left.has(step)));
  const run = useMutation({
    mutationFn: () => optimize({ ...targetOf(target), ...(left.size === 0 ? {} : { steps: [...chosen] }) }),
    onSuccess: () => void client.invalidateQueries({ queryKey: memoryKeys.preview, refetchType: "none" }),
  });
  useLiveEvent(
    "memory:optimize-progress",
    useCallback((next: OptimizationRun) => setProgress(next), []),
  );

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Optimize memory"
      description={
        run.data
          ? "The run has finished."
          : "The memory that each step would free now, cheapest step first. Nothing has changed yet."
      }
      width="lg"
      footer={
        <Footer
          run={run.data}
          busy={run.isPending}
          canRun={plan.isSuccess && chosen.size > 0}
          total={total(steps, chosen)}
          onRun={() => {
            setProgress(null);
            run.mutate();
          }}
          onClose={onClose}
        />
      }
    >
      <div className="flex min-h-64 flex-col gap-4">
        {run.data ? (
          <RunOutcome run={run.data} limitBytes={report?.sample.limitBytes} />
        ) : (
          <Segmented
            label="How far"
            value={target}
            options={TARGETS}
            onChange={(next) => {
              setLeft(new Set());
              setTarget(next);
            }}
          />
        )}
        {plan.isPending ? <Skeleton className="h-56" /> : null}
        <Trouble error={plan.error ?? run.error} />
        {steps.length > 0 ? (
          <PlanTable
            steps={steps.filter(({ step }) => !(run.isPending || run.data) || chosen.has(step))}
            chosen={chosen}
            running={run.isPending}
            results={resultsOf(run.data ?? (run.isPending ? progress : null))}
            {...(run.isIdle || run.isError
              ? {
                  onChosen: (next: ReadonlySet<string>) =>
                    setLeft(new Set(steps.map(({ step }) => step).filter((step) => !next.has(step)))),
                }
              : {})}
          />
        ) : null}
        {plan.isSuccess && steps.length === 0 ? (
          <p className="py-8 text-center text-13">There is nothing to free: no store offers a step now.</p>
        ) : null}
        {!run.data && plan.data?.note ? <p className="text-13">{plan.data.note}</p> : null}
      </div>
    </Dialog>
  );
}

function Footer(props: {
  run: OptimizationRun | undefined;
  busy: boolean;
  canRun: boolean;
  total: number;
  onRun: () => void;
  onClose: () => void;
}) {
  const runButton = useRef<HTMLButtonElement>(null);
  // Once there is a plan, Enter runs it; later changes of the plan leave the focus where it is.
  const hadPlan = useRef(false);
  useEffect(() => {
    if (!props.canRun || hadPlan.current) return;
    hadPlan.current = true;
    runButton.current?.focus();
  }, [props.canRun]);
  if (props.run) {
    return (
      <>
        <Button asChild>
          <Link href={`/optimizer?run=${encodeURIComponent(props.run.id)}`}>See the run</Link>
        </Button>
        <Button variant="primary" onClick={props.onClose}>
          Done
        </Button>
      </>
    );
  }
  return (
    <>
      <p className="mr-auto self-center text-13" data-testid="plan-total">
        Frees about <strong className="tabular">{formatBytes(props.total)}</strong>
      </p>
      <Button onClick={props.onClose}>{props.busy ? "Close and keep running" : "Cancel"}</Button>
      <Button ref={runButton} variant="primary" busy={props.busy} disabled={!props.canRun} onClick={props.onRun}>
        {props.busy ? "Running" : "Run"}
      </Button>
    </>
  );
}

function Trouble({ error }: { error: Error | null }) {
  if (error === null) return null;
  const { title, detail } = describeError(error);
  return (
    <p role="alert" className="text-13 text-crit">
      {title}. {detail}
    </p>
  );
}

function targetOf(target: Target): OptimizeRequest {
  return target === "lossless" ? {} : { targetRatio: Number(target) };
}

function total(steps: readonly RunStep[], chosen: ReadonlySet<string>): number {
  return steps.reduce((sum, { step, predictedFreedBytes }) => sum + (chosen.has(step) ? predictedFreedBytes : 0), 0);
}

function resultsOf(run: OptimizationRun | null | undefined): ReadonlyMap<string, RunStep> {
  return new Map(run?.steps.map((step) => [step.step, step]));
}
