"use client";

import { useQuery } from "@tanstack/react-query";
import { Zap } from "lucide-react";
import { memoryReportQuery, optimizePreviewQuery } from "../../../lib/client/queries/memory.ts";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { totals } from "../../_components/optimizer/run-labels.ts";
import { useOptimizeOpen } from "../../_components/shell/view-state.ts";
import { Button } from "../../_components/ui/button.tsx";
import { OptimizeDialog } from "./optimize-dialog.tsx";

/** Opens the plan, and says beforehand what it would free. A viewer sees why it is not theirs to press. */
export function OptimizeButton() {
  const [open, setOpen] = useOptimizeOpen();
  const { data: me } = useQuery(meQuery);
  const { data: report } = useQuery(memoryReportQuery);
  const mayRun = me?.role === "operator";
  const preview = useQuery({ ...optimizePreviewQuery, enabled: mayRun && report?.optimizer !== null });
  if (report?.optimizer === null) return null;
  const running = report?.optimizer?.running ?? false;
  return (
    <div className="flex flex-col items-start gap-1.5 lg:items-end">
      <Button
        variant="primary"
        size="lg"
        disabled={!mayRun}
        onClick={() => void setOpen(true)}
        aria-describedby="optimize-hint"
      >
        <Zap aria-hidden className="size-4" /> Optimize
      </Button>
      <p id="optimize-hint" className="min-h-4 text-12 text-faint">
        {hint({ mayRun, running, frees: preview.data && totals(preview.data).all.predictedBytes })}
      </p>
      {open && mayRun ? <OptimizeDialog onClose={() => void setOpen(null)} /> : null}
    </div>
  );
}

function hint({ mayRun, running, frees }: { mayRun: boolean; running: boolean; frees: number | undefined }): string {
  if (!mayRun) return "needs the operator role";
  if (running) return "a run is in progress";
  if (frees === undefined) return "";
  return frees > 0 ? `frees about ${formatBytes(frees)}` : "nothing to free now";
}
