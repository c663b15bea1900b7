"use client";

import { useQuery } from "@tanstack/react-query";
import { Library } from "lucide-react";
import { ragStatusQuery } from "../../../../lib/client/queries/rag.ts";
import type { RagStatus } from "../../../../lib/contracts/rag.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Badge, type Tone } from "../../../_components/ui/badge.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { Stat, StatGrid } from "../../../_components/ui/stat.tsx";

const STATES: Record<RagStatus["embedder"]["state"], { tone: Tone; word: string }> = {
  stopped: { tone: "muted", word: "Stopped" },
  starting: { tone: "pending", word: "Starting" },
  ready: { tone: "ok", word: "Ready" },
  failing: { tone: "crit", word: "Failing" },
};

export function StatusPanel() {
  const query = useQuery(ragStatusQuery);
  const status = query.data;
  return (
    <Panel
      title="Current state"
      icon={Library}
      description={status ? modelLine(status) : "Documents, caches and the embedding model"}
      state={panelState(query)}
      minHeight="88px"
      actions={status ? <ModelState status={status} /> : null}
    >
      {status ? <Figures status={status} /> : null}
    </Panel>
  );
}

function ModelState({ status }: { status: RagStatus }) {
  const { tone, word } = STATES[status.embedder.state];
  return <Badge tone={tone}>Model: {word.toLowerCase()}</Badge>;
}

function Figures({ status }: { status: RagStatus }) {
  const { embedder, embeddingCache, queryCache, index } = status;
  return (
    <StatGrid>
      <Stat label="Documents" value={status.documents.toLocaleString("en-US")} />
      <Stat
        label="Chunks"
        value={status.chunks.toLocaleString("en-US")}
        hint={`${formatBytes(index.bytes)} in memory`}
      />
      <Stat
        label="Messages"
        value={status.messages.toLocaleString("en-US")}
        hint={
          status.conversations === 1
            ? "1 conversation"
            : `${status.conversations.toLocaleString("en-US")} conversations`
        }
      />
      <Stat
        label="Embeddings reused"
        value={percent(embeddingCache.hitRatio)}
        hint={`${embeddingCache.misses.toLocaleString("en-US")} made`}
      />
      <Stat
        label="Query cache"
        value={percent(queryCache.hitRatio)}
        hint={`${queryCache.items} of ${queryCache.maxItems}`}
      />
      <Stat
        label={embedder.kind === "embedded" ? "Helper process" : "Embedding service"}
        value={embedder.kind === "embedded" ? formatBytes(embedder.memoryBytes) : "remote"}
        hint={`${embedder.queuedTexts} texts wait`}
      />
    </StatGrid>
  );
}

function modelLine({ embedder }: RagStatus): string {
  const where =
    embedder.kind === "remote"
      ? "a remote service"
      : `a helper process${embedder.processId === null ? ", not running; starts with the next text" : ` (${embedder.processId})`}`;
  return `${embedder.model} in ${where}`;
}

function percent(ratio: number | null): string | null {
  return ratio === null ? null : `${(ratio * 100).toFixed(1)} %`;
}
