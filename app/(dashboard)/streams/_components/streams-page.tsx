"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ListTree } from "lucide-react";
import { useCallback, useState } from "react";
import { followJob } from "../../../../lib/client/live/query-cache-sink.ts";
import { streamsQuery } from "../../../../lib/client/queries/streams.ts";
import type { StreamJobView } from "../../../../lib/contracts/streams.ts";
import { Only, useMayDo } from "../../../_components/role/only.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { JobSheet } from "./job-sheet.tsx";
import { SendPanel } from "./send-panel.tsx";
import { STREAM_COLUMNS } from "./stream-columns.tsx";

/** Files on their way in: sent from here or by anyone else, with what they hold in memory. */
export function StreamsPage() {
  const query = useQuery(streamsQuery);
  const client = useQueryClient();
  const [openId, setOpenId] = useState<string | null>(null);
  const follow = useCallback((job: StreamJobView) => followJob(client, job), [client]);
  const maySend = useMayDo("consumer");
  const jobs = query.data?.items ?? [];
  const state = panelState(query, {
    when: jobs.length === 0,
    title: "No streams yet",
    hint: maySend
      ? "Drop a file above, or send one with POST /api/v1/streams."
      : "A consumer sends one with POST /api/v1/streams.",
  });
  return (
    <>
      <PageHeader
        title="Streams"
        description="Uploads of any size into the stores: their progress, the memory they use, and the records that were rejected."
      />
      <Only roles="consumer">
        <SendPanel onJob={follow} />
      </Only>
      <Panel title="Jobs" icon={ListTree} state={state} minHeight="360px" flush>
        <DataTable
          label="Streams"
          rows={jobs}
          columns={STREAM_COLUMNS}
          rowId={(job) => job.id}
          onRowOpen={(job) => setOpenId(job.id)}
          minWidth={880}
        />
      </Panel>
      <JobSheet job={jobs.find((job) => job.id === openId) ?? null} onClose={() => setOpenId(null)} />
    </>
  );
}
