-- CreateTable
CREATE TABLE "RagNamespace" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "RagDocument" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespaceId" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "page" INTEGER,
    "language" TEXT,
    "metadata" TEXT NOT NULL,
    "checksum" TEXT NOT NULL,
    "chunkSize" INTEGER NOT NULL,
    "chunkOverlap" INTEGER NOT NULL,
    "chunkCount" INTEGER NOT NULL,
    "characters" INTEGER NOT NULL,
    "model" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "updatedAtMs" BIGINT NOT NULL,
    "text" BLOB NOT NULL
);

-- CreateTable
CREATE TABLE "RagChunk" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespaceId" INTEGER NOT NULL,
    "documentId" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "start" INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    "vector" BLOB NOT NULL,
    "text" TEXT NOT NULL,
    CONSTRAINT "RagChunk_documentId_fkey" FOREIGN KEY ("documentId") REFERENCES "RagDocument" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Embedding" (
    "model" TEXT NOT NULL,
    "hash" BLOB NOT NULL,
    "usedOn" INTEGER NOT NULL,
    "vector" BLOB NOT NULL,

    PRIMARY KEY ("model", "hash")
);

-- CreateTable
CREATE TABLE "Conversation" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "lastMessageAtMs" BIGINT NOT NULL,
    "messageCount" INTEGER NOT NULL
);

-- CreateTable
CREATE TABLE "ConversationMessage" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "namespace" TEXT NOT NULL,
    "conversationId" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "model" TEXT,
    "vector" BLOB,
    "metadata" TEXT,
    "content" TEXT NOT NULL,
    CONSTRAINT "ConversationMessage_conversationId_fkey" FOREIGN KEY ("conversationId") REFERENCES "Conversation" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "RagNamespace_name_key" ON "RagNamespace"("name");

-- CreateIndex
CREATE UNIQUE INDEX "RagDocument_namespaceId_name_key" ON "RagDocument"("namespaceId", "name");

-- CreateIndex
CREATE INDEX "RagChunk_namespaceId_idx" ON "RagChunk"("namespaceId");

-- CreateIndex
CREATE UNIQUE INDEX "RagChunk_documentId_ordinal_key" ON "RagChunk"("documentId", "ordinal");

-- CreateIndex
CREATE INDEX "Embedding_usedOn_idx" ON "Embedding"("usedOn");

-- CreateIndex
CREATE INDEX "Conversation_namespace_lastMessageAtMs_idx" ON "Conversation"("namespace", "lastMessageAtMs");

-- CreateIndex
CREATE UNIQUE INDEX "Conversation_namespace_name_key" ON "Conversation"("namespace", "name");

-- CreateIndex
CREATE INDEX "ConversationMessage_namespace_idx" ON "ConversationMessage"("namespace");

-- CreateIndex
CREATE UNIQUE INDEX "ConversationMessage_conversationId_sequence_key" ON "ConversationMessage"("conversationId", "sequence");
