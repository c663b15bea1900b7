"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { describeError } from "../../../../lib/client/problem.ts";
import { neighboursOf } from "../../../../lib/client/queries/vectors.ts";
import type { SearchAnswer } from "../../../../lib/contracts/vectors.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Field, Input } from "../../../_components/ui/field.tsx";

const SHOWN = 10;
const COUNT = new Intl.NumberFormat("en-US");

/** Takes a point's id and shows what is nearest to it. */
export function Neighbours({ namespace, name }: { namespace: string; name: string }) {
  const [id, setId] = useState("");
  const search = useMutation({ mutationFn: (wanted: string) => neighboursOf(namespace, name, wanted, SHOWN) });
  return (
    <section aria-label="Neighbours" className="flex min-h-60 flex-col gap-3">
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (id !== "") search.mutate(id);
        }}
      >
        <div className="min-w-0 flex-1">
          <Field label="Neighbours of the point">
            {(control) => (
              <Input {...control} value={id} placeholder="Its id" onChange={(event) => setId(event.target.value)} />
            )}
          </Field>
        </div>
        <Button type="submit" busy={search.isPending} disabled={id === ""}>
          Find
        </Button>
      </form>
      {search.isError ? (
        <p role="alert" className="text-13 text-crit">
          {describeError(search.error).detail}
        </p>
      ) : null}
      {search.data ? <Answer {...search.data} /> : null}
    </section>
  );
}

function Answer({ matches, tier, tookMs }: SearchAnswer) {
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="text-12 text-faint">
        {COUNT.format(tier.hot)} hot and {COUNT.format(tier.cold)} cold vectors searched in {tookMs.toFixed(1)} ms
      </p>
      {matches.length === 0 ? (
        <p className="text-13">It has no neighbours: it is alone in its collection.</p>
      ) : (
        <ol className="flex flex-col">
          {matches.map((match) => (
            <li
              key={match.id}
              className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 border-line border-t py-2 text-13"
            >
              <code className="truncate font-mono text-12 text-strong">{match.id}</code>
              <span className="tabular text-strong">{match.score.toFixed(4)}</span>
              <span className="col-span-2 truncate text-12 text-faint">{JSON.stringify(match.metadata)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
