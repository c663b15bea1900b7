import type { Metadata } from "next";
import { Only } from "../../_components/role/only.tsx";
import { PageHeader } from "../../_components/ui/page-header.tsx";
import { AskPanel } from "./_components/ask-panel.tsx";
import { ConversationsPanel } from "./_components/conversations-panel.tsx";
import { DocumentsPanel } from "./_components/documents-panel.tsx";
import { StatusPanel } from "./_components/status-panel.tsx";

export const metadata: Metadata = { title: "Documents" };

export default function RagPage() {
  return (
    <div className="flex flex-col gap-6">
      <PageHeader
        title="Documents and conversations"
        description="Documents and conversations in the RAG store, its cache hit ratios, and a search to try it out."
      />
      <StatusPanel />
      <Only roles="consumer">
        <AskPanel />
        <div className="grid gap-6 lg:grid-cols-2">
          <DocumentsPanel />
          <ConversationsPanel />
        </div>
      </Only>
    </div>
  );
}
