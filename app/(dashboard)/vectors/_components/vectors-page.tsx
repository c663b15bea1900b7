"use client";

import { Only } from "../../../_components/role/only.tsx";
import { BoundsPanel, HitRatioPanel, RemovalsPanel } from "../../../_components/store/store-panels.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { CollectionsList } from "./collections-list.tsx";

export function VectorsPage() {
  return (
    <>
      <PageHeader
        title="Vectors"
        description="The most recently used are in memory at full precision, the rest as codes with their rows on disk: what memory pressure pushes out is still found."
      />
      <Only roles="viewer">
        <div className="grid min-w-0 gap-6 md:grid-cols-2">
          <BoundsPanel
            store="vectors"
            items="Vectors at full precision"
            whenFull="The least recently used keep a code of 8 bits a dimension; rows stay on disk"
          />
          <RemovalsPanel store="vectors" />
        </div>
        <HitRatioPanel store="vectors" />
      </Only>
      <Only roles="consumer">
        <CollectionsList />
      </Only>
    </>
  );
}
