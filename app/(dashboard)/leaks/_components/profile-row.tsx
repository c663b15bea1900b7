"use client";

import { useState } from "react";
import { downloadSnapshot, profileUrl } from "../../../../lib/client/queries/leaks.ts";
import type { ProfileView } from "../../../../lib/contracts/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { download } from "../../../_components/charts/export.ts";
import { shortSite } from "../../../_components/leaks/verdict-labels.ts";
import { Badge, type Tone } from "../../../_components/ui/badge.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { Input } from "../../../_components/ui/field.tsx";
import { Meter } from "../../../_components/ui/meter.tsx";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { toastError } from "../../../_components/ui/toast.ts";
import { FlameGraph } from "./flame-graph.tsx";

const TONES: Record<ProfileView["state"], Tone> = { running: "pending", completed: "ok", failed: "crit" };

export function ProfileRow({ profile }: { profile: ProfileView }) {
  const [open, setOpen] = useState(false);
  const isSampling = profile.kind === "allocation-sampling";
  return (
    <li className="flex flex-col gap-3 border-line border-t px-4 py-3 text-13">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <span className="flex items-center gap-3">
          <Badge tone={TONES[profile.state]}>{profile.state}</Badge>
          <span className="text-strong">{isSampling ? `Allocations over ${profile.seconds} s` : "Heap snapshot"}</span>
          <span className="text-faint">
            <RelativeTime atMs={Date.parse(profile.startedAt)} />
            {profile.sizeBytes === null ? null : ` · ${formatBytes(profile.sizeBytes)}`}
          </span>
        </span>
        {profile.state === "completed" && isSampling ? (
          <span className="flex gap-2">
            <Button size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? "Hide" : "Show profile"}
            </Button>
            <Button size="sm" asChild>
              <a href={profileUrl(profile.id)} download>
                Download
              </a>
            </Button>
          </span>
        ) : null}
        {profile.state === "completed" && !isSampling ? <SnapshotDownload id={profile.id} /> : null}
      </div>
      {profile.state === "running" && isSampling ? (
        <Meter
          label="Progress"
          value={profile.progressRatio}
          max={1}
          valueText={`${Math.round(profile.progressRatio * 100)} %`}
          size="sm"
        />
      ) : null}
      {profile.error ? <p className="text-crit">{profile.error}</p> : null}
      {open ? (
        <>
          <FlameGraph id={profile.id} />
          <TopSites sites={profile.topSites} />
        </>
      ) : null}
    </li>
  );
}

/** Asks for the key again: a page that was left open must not be enough to fetch every secret in memory. */
function SnapshotDownload({ id }: { id: string }) {
  const [key, setKey] = useState("");
  const fetchIt = () =>
    downloadSnapshot(id, key).then((blob) => download(`headroom-${id}.heapsnapshot`, blob), toastError);
  return (
    <form
      className="flex gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void fetchIt();
      }}
    >
      <Input
        type="password"
        aria-label="Operator key, to download the snapshot"
        placeholder="Operator key"
        autoComplete="off"
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      <Button size="sm" type="submit" disabled={key === ""}>
        Download
      </Button>
    </form>
  );
}

function TopSites({ sites }: { sites: ProfileView["topSites"] }) {
  return (
    <table className="w-full">
      <caption className="sr-only">Functions by what they allocated</caption>
      <thead className="text-left text-12 text-faint">
        <tr>
          <th className="py-1 font-normal">Function</th>
          <th className="py-1 text-right font-normal">Itself</th>
          <th className="py-1 text-right font-normal">With callees</th>
        </tr>
      </thead>
      <tbody>
        {sites.slice(0, 15).map((row) => (
          <tr key={row.site} className="border-line border-t">
            <td className="max-w-0 truncate py-1" title={row.site}>
              <code>{shortSite(row.site)}</code>
            </td>
            <td className="w-28 py-1 text-right tabular-nums">{formatBytes(row.selfBytes)}</td>
            <td className="w-28 py-1 text-right tabular-nums">{formatBytes(row.totalBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
