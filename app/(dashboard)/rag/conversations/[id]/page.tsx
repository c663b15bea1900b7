import type { Metadata } from "next";
import { PageHeader } from "../../../../_components/ui/page-header.tsx";
import { MessagesPanel } from "../../_components/messages-panel.tsx";

export const metadata: Metadata = { title: "Conversation" };

export default async function ConversationPage({ params }: { params: Promise<{ id: string }> }) {
  const id = decodeURIComponent((await params).id);
  return (
    <div className="flex flex-col gap-6">
      <PageHeader title={id} description="The messages of this conversation, oldest first." />
      <MessagesPanel conversationId={id} />
    </div>
  );
}
