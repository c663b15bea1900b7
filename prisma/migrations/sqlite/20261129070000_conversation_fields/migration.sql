-- What a conversation says of itself. Those of earlier versions say nothing.
ALTER TABLE "Conversation" ADD COLUMN "title" TEXT;
ALTER TABLE "Conversation" ADD COLUMN "owner" TEXT;
ALTER TABLE "Conversation" ADD COLUMN "metadata" TEXT;

-- CreateIndex
CREATE INDEX "Conversation_namespace_owner_lastMessageAtMs_idx" ON "Conversation"("namespace", "owner", "lastMessageAtMs");
