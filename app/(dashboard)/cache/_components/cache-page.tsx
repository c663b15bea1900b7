"use client";

import { Only } from "../../../_components/role/only.tsx";
import { BoundsPanel, HitRatioPanel, RemovalsPanel } from "../../../_components/store/store-panels.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { CacheList } from "./cache-list.tsx";

export function CachePage() {
  return (
    <>
      <PageHeader
        title="Response cache"
        description="Responses ready to send, compressed where clients accept it, so that a hit costs almost nothing."
      />
      <Only roles="viewer">
        <div className="grid min-w-0 gap-6 md:grid-cols-2">
          <BoundsPanel
            store="cache"
            items="Responses"
            whenFull="The entries least likely to be requested again are evicted first"
          />
          <RemovalsPanel store="cache" />
        </div>
        <HitRatioPanel store="cache" goal />
      </Only>
      <Only roles="consumer">
        <CacheList />
      </Only>
    </>
  );
}
