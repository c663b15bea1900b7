"use client";

import { useMutation } from "@tanstack/react-query";
import { describeError } from "../../../../lib/client/problem.ts";
import { measureRecall } from "../../../../lib/client/queries/vectors.ts";
import type { CollectionView, RecallView } from "../../../../lib/contracts/vectors.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Sheet } from "../../../_components/ui/sheet.tsx";
import { Stat, StatGrid } from "../../../_components/ui/stat.tsx";
import { Neighbours } from "./neighbours.tsx";

const COUNT = new Intl.NumberFormat("en-US");
/** Errors are of all sizes: two digits that say something. */
const ERROR = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });
const SAMPLE = 50;

/** One collection: its figures, its recall measured on demand, and the neighbours of a point. */
export function CollectionSheet(props: { namespace: string; collection: CollectionView | null; onClose: () => void }) {
  const { namespace, collection, onClose } = props;
  return (
    <Sheet
      open={collection !== null}
      onOpenChange={(open) => !open && onClose()}
      title={collection ? `Collection ${collection.name}` : "Collection"}
    >
      {collection ? (
        <div className="flex flex-col gap-6">
          <StatGrid>
            <Stat label="Points" size="sm" value={COUNT.format(collection.items)} />
            <Stat label="Memory" size="sm" value={formatBytes(collection.bytes)} />
            <Stat label="Precision" size="sm" value={collection.precision} hint={errorHint(collection.quantization)} />
            <Stat label="Metric" size="sm" value={collection.metric} />
            <Stat label="Searches" size="sm" value={COUNT.format(collection.searches)} />
            <Stat label="Evicted" size="sm" value={COUNT.format(collection.evictions)} hint="from the hot tier" />
          </StatGrid>
          <Recall namespace={namespace} name={collection.name} />
          <Neighbours namespace={namespace} name={collection.name} />
        </div>
      ) : null}
    </Sheet>
  );
}

function Recall({ namespace, name }: { namespace: string; name: string }) {
  const measurement = useMutation({ mutationFn: () => measureRecall(namespace, name, SAMPLE) });
  return (
    <section aria-labelledby="recall" className="flex min-h-24 flex-col gap-2">
      <div className="flex items-center justify-between gap-4">
        <h3 id="recall" className="text-14">
          Recall@10
        </h3>
        <Button size="sm" busy={measurement.isPending} onClick={() => measurement.mutate()}>
          Measure
        </Button>
      </div>
      <p role="status" className="text-13">
        {measurement.isError ? (
          <span className="text-crit">{describeError(measurement.error).detail}</span>
        ) : measurement.data ? (
          <RecallText {...measurement.data} />
        ) : (
          <span className="text-faint">
            Searches for {SAMPLE} of its own points and compares with an exact scan of the original vectors.
          </span>
        )}
      </p>
    </section>
  );
}

function errorHint({ meanError, maxError }: CollectionView["quantization"]): string {
  if (meanError === null || maxError === null) return "error not measured";
  return `values off by ${ERROR.format(meanError)} on average, ${ERROR.format(maxError)} at most`;
}

function RecallText({ recall, sample, tookMs, against, comparedPoints, points }: RecallView) {
  const of =
    comparedPoints < points ? `${COUNT.format(comparedPoints)} of ${COUNT.format(points)} points` : "all points";
  const what = against === "sent" ? `as they were sent` : `as they are stored`;
  if (recall === null) return <>Recall needs at least two points.</>;
  return (
    <>
      <strong className="tabular text-20 text-strong">{recall.toFixed(4)}</strong> of what an exact scan of {of} {what}{" "}
      finds, for {COUNT.format(sample)} queries, in {(tookMs / 1000).toFixed(1)} s
    </>
  );
}
