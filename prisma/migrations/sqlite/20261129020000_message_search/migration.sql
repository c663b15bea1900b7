-- A message longer than the model reads has several vectors. Those of earlier versions stay until the message is embedded again:
-- a longer one was embedded only up to where the model stopped.
CREATE TABLE "MessageWindow" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespace" TEXT NOT NULL,
    "conversationId" INTEGER NOT NULL,
    "messageId" INTEGER NOT NULL,
    "model" TEXT NOT NULL,
    "vector" BLOB NOT NULL,
    CONSTRAINT "MessageWindow_messageId_fkey" FOREIGN KEY ("messageId") REFERENCES "ConversationMessage" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

INSERT INTO "MessageWindow" ("namespace", "conversationId", "messageId", "model", "vector")
SELECT "namespace", "conversationId", "id", "model", "vector" FROM "ConversationMessage"
WHERE "vector" IS NOT NULL AND "model" IS NOT NULL ORDER BY "id";

UPDATE "ConversationMessage" SET "model" = NULL WHERE "model" IS NOT NULL AND length("content") > 127;

ALTER TABLE "ConversationMessage" DROP COLUMN "vector";

-- CreateIndex
CREATE INDEX "MessageWindow_namespace_idx" ON "MessageWindow"("namespace");

-- CreateIndex
CREATE INDEX "MessageWindow_messageId_idx" ON "MessageWindow"("messageId");

-- What is not embedded yet is found, and counted, without looking at the rest.
DROP INDEX "ConversationMessage_namespace_idx";
CREATE INDEX "ConversationMessage_namespace_model_idx" ON "ConversationMessage"("namespace", "model");

-- How far back the words of a namespace's messages are indexed; its index is the FTS5 table "MessageText_<namespaceId>".
CREATE TABLE "MessageTextIndex" (
    "namespaceId" INTEGER NOT NULL PRIMARY KEY,
    "belowId" INTEGER NOT NULL
);
