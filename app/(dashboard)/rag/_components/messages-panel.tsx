"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Bot, type LucideIcon, Pin, User, Wrench } from "lucide-react";
import { messagesQuery } from "../../../../lib/client/queries/rag.ts";
import type { MessageView } from "../../../../lib/contracts/conversations.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { Moment } from "../../../_components/ui/relative-time.tsx";

const ROLES: Record<MessageView["role"], { icon: LucideIcon; word: string }> = {
  user: { icon: User, word: "User" },
  assistant: { icon: Bot, word: "Assistant" },
  system: { icon: Pin, word: "System" },
  tool: { icon: Wrench, word: "Tool" },
};

export function MessagesPanel({ conversationId }: { conversationId: string }) {
  const query = useInfiniteQuery(messagesQuery(conversationId));
  const messages = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Panel title="Messages" state={panelState(query)} minHeight="320px">
      <ol className="flex flex-col gap-4">
        {messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
      </ol>
      {query.hasNextPage ? (
        <Button className="mt-4" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Later messages
        </Button>
      ) : null}
    </Panel>
  );
}

function Message({ message }: { message: MessageView }) {
  const { icon: Icon, word } = ROLES[message.role];
  return (
    <li className="border-line border-l-2 pl-3">
      <p className="flex flex-wrap items-center gap-x-2 text-12 text-faint">
        <Icon aria-hidden className="size-3.5" />
        <span className="font-medium text-soft">{word}</span>
        <span className="tabular">{message.sequence}</span>
        <Moment atMs={Date.parse(message.createdAt)} />
      </p>
      <p className="whitespace-pre-wrap break-words text-13 text-strong">{shown(message.content)}</p>
    </li>
  );
}

/** The text of the parts, and the types of those that have none. */
function shown(content: MessageView["content"]): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => ("text" in part && typeof part.text === "string" ? part.text : `[${part.type}]`))
    .join("\n");
}
