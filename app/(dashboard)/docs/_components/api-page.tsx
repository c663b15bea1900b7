"use client";

import { useQuery } from "@tanstack/react-query";
import { FileJson } from "lucide-react";
import type { ApiDocument } from "../../../../lib/client/api-document/document.ts";
import { narrowed } from "../../../../lib/client/api-document/narrow.ts";
import { apiDocumentQuery } from "../../../../lib/client/queries/api-document.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { PageHeader } from "../../../_components/ui/page-header.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { GroupIndex } from "./group-index.tsx";
import { GroupSection } from "./group-section.tsx";
import { KeyProvider } from "./key-context.tsx";
import { NarrowBar } from "./narrow-bar.tsx";
import { useNarrowing } from "./use-narrowing.ts";
import { useOpenOperations } from "./use-open-operations.ts";

/** The API's documentation, made in the browser from `/openapi.json`. */
export function ApiPage() {
  const query = useQuery(apiDocumentQuery);
  return (
    <>
      <PageHeader
        title="API"
        description="Every operation of this server, described by the schemas that check its requests."
        actions={
          <>
            <DocumentLink href="/openapi.json" label="OpenAPI" />
            <DocumentLink href="/asyncapi.json" label="AsyncAPI" />
          </>
        }
      />
      {query.data ? (
        <KeyProvider>
          <Operations document={query.data} />
        </KeyProvider>
      ) : (
        <Panel title="Operations" state={panelState(query)} minHeight="480px" />
      )}
    </>
  );
}

function DocumentLink({ href, label }: { href: string; label: string }) {
  return (
    <Button asChild>
      <a href={href}>
        <FileJson aria-hidden className="size-4 text-faint" /> {label}
      </a>
    </Button>
  );
}

function Operations({ document }: { document: ApiDocument }) {
  const { narrowing, narrow, widen } = useNarrowing();
  const groups = narrowed(document.groups, narrowing);
  const { isOpen, toggle } = useOpenOperations(document.groups, groups, widen);
  return (
    <>
      <NarrowBar document={document} found={groups} narrowing={narrowing} onNarrow={narrow} />
      <div className="grid gap-x-8 gap-y-6 lg:grid-cols-[176px_minmax(0,1fr)]">
        <GroupIndex groups={document.groups} chosen={narrowing.group} onChoose={(group) => narrow({ group })} />
        <div className="flex min-w-0 flex-col gap-8">
          {groups.length === 0 ? (
            <Panel
              title="Operations"
              minHeight="240px"
              state={{
                kind: "empty",
                title: "No operation matches",
                hint: "Words are looked for in paths, summaries, names and parameters.",
                action: (
                  <Button size="sm" onClick={widen}>
                    Show all operations
                  </Button>
                ),
              }}
            />
          ) : null}
          {groups.map((group) => (
            <GroupSection key={group.name} group={group} schemas={document.schemas} isOpen={isOpen} onToggle={toggle} />
          ))}
        </div>
      </div>
    </>
  );
}
