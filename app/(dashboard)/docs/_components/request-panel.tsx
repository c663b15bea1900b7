"use client";

import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { Operation } from "../../../../lib/client/api-document/document.ts";
import { curlOf, firstDraft } from "../../../../lib/client/api-document/request.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { CodeBlock } from "./code-block.tsx";
import { TryForm } from "./try-form.tsx";

/** The request as a command, and a form that changes it and sends it. */
export function RequestPanel({ operation }: { operation: Operation }) {
  const [draft, setDraft] = useState(() => firstDraft(operation));
  const [trying, setTrying] = useState(false);
  const [origin, setOrigin] = useState("");
  useEffect(() => setOrigin(globalThis.location.origin), []);
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <CodeBlock title="Request" name={`Request of ${operation.id}`} text={curlOf(operation, draft, origin)} />
      {trying ? (
        <TryForm operation={operation} draft={draft} onDraft={setDraft} />
      ) : (
        <Button size="sm" className="self-start" onClick={() => setTrying(true)}>
          <Play aria-hidden className="size-3.5" /> Try it
        </Button>
      )}
    </div>
  );
}
