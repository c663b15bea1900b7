-- Messages have ids of their own, unique in their conversation; those of earlier versions keep the number they were known by.
-- Content may have parts. A message that was never edited has no time of its last change.
ALTER TABLE "ConversationMessage" ADD COLUMN "name" TEXT NOT NULL DEFAULT '';
ALTER TABLE "ConversationMessage" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "ConversationMessage" ADD COLUMN "updatedAtMs" BIGINT;
ALTER TABLE "ConversationMessage" ADD COLUMN "parts" TEXT;
UPDATE "ConversationMessage" SET "name" = CAST("id" AS TEXT), "version" = "sequence";

-- CreateIndex
CREATE UNIQUE INDEX "ConversationMessage_conversationId_name_key" ON "ConversationMessage"("conversationId", "name");

-- The version counts changes, of the messages too. A place in a conversation is never given out twice.
ALTER TABLE "Conversation" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "Conversation" ADD COLUMN "lastSequence" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "Conversation" ADD COLUMN "updatedAtMs" BIGINT NOT NULL DEFAULT 0;
UPDATE "Conversation" SET "version" = max(1, "messageCount"), "lastSequence" = "messageCount", "updatedAtMs" = "lastMessageAtMs";
