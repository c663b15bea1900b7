"use client";

import { Only } from "../../../_components/role/only.tsx";
import { BoundsPanel, HitRatioPanel, RemovalsPanel } from "../../../_components/store/store-panels.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { SessionsList } from "./sessions-list.tsx";

export function SessionsPage() {
  return (
    <>
      <PageHeader
        title="Sessions"
        description="Recently used sessions stay in memory; the others stay in the database until their idle timeout. Memory pressure signs nobody out."
      />
      <Only roles="viewer">
        <div className="grid min-w-0 gap-6 md:grid-cols-2">
          <BoundsPanel
            store="sessions"
            items="Sessions in memory"
            whenFull="The least recently used sessions spill to the database"
          />
          <RemovalsPanel store="sessions" />
        </div>
        <HitRatioPanel store="sessions" />
      </Only>
      <Only roles="consumer">
        <SessionsList />
      </Only>
    </>
  );
}
