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
        description="Recently used vectors are in memory at full precision; the others have a compressed code in memory and their row on disk. Evicted vectors can still be found."
      />
      <Only roles="viewer">
        <div className="grid min-w-0 gap-6 md:grid-cols-2">
          <BoundsPanel
            store="vectors"
            items="Vectors at full precision"
            whenFull="The least recently used keep a code of 8 bits per dimension; their rows stay on disk"
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
