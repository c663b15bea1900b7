"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { MessageCircleQuestion, Search } from "lucide-react";
import { useState } from "react";
import { describeError } from "../../../../lib/client/problem.ts";
import { askDocuments, ragStatusQuery } from "../../../../lib/client/queries/rag.ts";
import type { RagAnswer } from "../../../../lib/contracts/rag.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { Field, Input } from "../../../_components/ui/field.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { Segmented } from "../../../_components/ui/segmented.tsx";
import { HighlightedText } from "./highlighted-text.tsx";

type Mode = "hybrid" | "vector" | "keyword";

const MODES: readonly { value: Mode; label: string }[] = [
  { value: "hybrid", label: "Both" },
  { value: "vector", label: "Meaning" },
  { value: "keyword", label: "Words" },
];

/** A box to ask in, and the passages that answer, with their places. */
export function AskPanel() {
  const [question, setQuestion] = useState("");
  const [mode, setMode] = useState<Mode>("hybrid");
  const client = useQueryClient();
  const ask = useMutation({
    mutationFn: (asked: { query: string; mode: Mode }) => askDocuments({ ...asked, k: 8 }),
    onSettled: () => client.invalidateQueries({ queryKey: ragStatusQuery.queryKey }),
  });
  const failure = ask.error ? describeError(ask.error) : null;
  return (
    <Panel
      title="Ask"
      icon={MessageCircleQuestion}
      description="The passages that a client would get for the same question"
    >
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (question.trim() !== "") ask.mutate({ query: question, mode });
        }}
      >
        <div className="min-w-64 grow">
          <Field label="Question" error={failure ? `${failure.title}: ${failure.detail}` : null}>
            {(control) => (
              <Input
                {...control}
                value={question}
                maxLength={8_192}
                placeholder="What do the documents say about …?"
                onChange={(event) => setQuestion(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Segmented label="Search by" value={mode} options={MODES} onChange={setMode} />
        <Button type="submit" variant="primary" busy={ask.isPending} disabled={question.trim() === ""}>
          <Search aria-hidden className="size-4" /> Ask
        </Button>
      </form>
      <div aria-live="polite">
        {ask.data ? <Answer answer={ask.data} question={ask.variables?.query ?? ""} /> : null}
      </div>
    </Panel>
  );
}

function Answer({ answer, question }: { answer: RagAnswer; question: string }) {
  const { matches, cached, tookMs } = answer;
  return (
    <div className="mt-4 flex flex-col gap-3">
      <p className="flex items-center gap-2 text-12 text-faint">
        {found(matches.length)} in {tookMs.toFixed(1)} ms
        {cached ? <Badge tone="info">from the cache</Badge> : null}
      </p>
      <ol className="flex flex-col gap-3">
        {matches.map((match, place) => (
          <li key={match.chunkId} className="rounded-md border border-line p-3">
            <p className="mb-1 flex flex-wrap gap-x-3 text-12 text-faint">
              <span className="font-medium text-soft">
                [{place + 1}] {match.source}
              </span>
              {match.page === null ? null : <span>page {match.page}</span>}
              <span>
                characters {match.start.toLocaleString("en-US")}–{match.end.toLocaleString("en-US")}
              </span>
              <span className="tabular">score {match.score.toFixed(3)}</span>
            </p>
            <HighlightedText text={match.text} question={question} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function found(count: number): string {
  if (count === 0) return "Nothing found";
  return count === 1 ? "1 passage" : `${count} passages`;
}
