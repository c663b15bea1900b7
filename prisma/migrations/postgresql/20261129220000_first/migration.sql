-- What `prisma migrate diff` writes for schema.prisma with the provider postgresql, and by hand:
-- * integers have 64 bits, as SQLite's have;
-- * texts compare byte by byte (COLLATE "C"), as SQLite's do, whatever the server's language is;
-- * "rowid", where drivers ask for the order in which rows came: SQLite has one in each table;
-- * indexes that pages are read by end in the row's number, as all of SQLite's do;
-- * sources of documents are found by a hash: they may be longer than a tree's keys;
-- * each node numbers its own samples;
-- * sequences, words and triggers, for which Prisma has no word.

-- CreateTable
CREATE TABLE "Meta" (
    "name" TEXT COLLATE "C" NOT NULL,
    "value" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "Meta_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "role" TEXT COLLATE "C" NOT NULL,
    "hash" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT,
    "revokedAtMs" BIGINT,
    "ratePerMinute" BIGINT,

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignIn" (
    "tokenHash" TEXT COLLATE "C" NOT NULL,
    "keyId" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT NOT NULL,
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "SignIn_pkey" PRIMARY KEY ("tokenHash")
);

-- CreateTable
CREATE TABLE "SettingRevision" (
    "revision" BIGSERIAL NOT NULL,
    "values" TEXT COLLATE "C" NOT NULL,
    "actor" TEXT COLLATE "C" NOT NULL,
    "reason" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,

    CONSTRAINT "SettingRevision_pkey" PRIMARY KEY ("revision")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" BIGSERIAL NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "atMs" BIGINT NOT NULL,
    "actor" TEXT COLLATE "C" NOT NULL,
    "action" TEXT COLLATE "C" NOT NULL,
    "target" TEXT COLLATE "C" NOT NULL,
    "outcome" TEXT COLLATE "C" NOT NULL,
    "requestId" TEXT COLLATE "C",
    "detail" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Boot" (
    "bootId" TEXT COLLATE "C" NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "startedAtMs" BIGINT NOT NULL,
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "Boot_pkey" PRIMARY KEY ("bootId")
);

-- CreateTable
CREATE TABLE "Sample" (
    "sequence" BIGINT NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "bootId" TEXT COLLATE "C" NOT NULL,
    "sampledAtMs" BIGINT NOT NULL,
    "usedBytes" DOUBLE PRECISION NOT NULL,
    "limitBytes" DOUBLE PRECISION NOT NULL,
    "rssBytes" DOUBLE PRECISION NOT NULL,
    "heapUsedBytes" DOUBLE PRECISION NOT NULL,
    "heapTotalBytes" DOUBLE PRECISION NOT NULL,
    "externalBytes" DOUBLE PRECISION NOT NULL,
    "arrayBuffersBytes" DOUBLE PRECISION NOT NULL,
    "gcPauseMs" DOUBLE PRECISION NOT NULL,
    "delayP99Ms" DOUBLE PRECISION NOT NULL,
    "requests" DOUBLE PRECISION NOT NULL,
    "sessions" DOUBLE PRECISION NOT NULL,
    "cache" DOUBLE PRECISION NOT NULL,
    "vectors" DOUBLE PRECISION NOT NULL,
    "rag" DOUBLE PRECISION NOT NULL,
    "embeddings" DOUBLE PRECISION NOT NULL,
    "streams" DOUBLE PRECISION NOT NULL,
    "runtime" DOUBLE PRECISION NOT NULL,
    "unattributed" DOUBLE PRECISION NOT NULL,
    "payload" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "Sample_pkey" PRIMARY KEY ("nodeId","sequence")
);

-- CreateTable
CREATE TABLE "SampleRollup" (
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "stepSeconds" BIGINT NOT NULL,
    "startAtMs" BIGINT NOT NULL,
    "count" BIGINT NOT NULL,
    "figures" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "SampleRollup_pkey" PRIMARY KEY ("nodeId","stepSeconds","startAtMs")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "lastUsedAtMs" BIGINT NOT NULL,
    "idleTimeoutMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    "data" BYTEA NOT NULL,
    "ownId" TEXT COLLATE "C",
    "endsAtMs" BIGINT,
    "tags" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SessionTag" (
    "namespace" TEXT COLLATE "C" NOT NULL,
    "tag" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "SessionTag_pkey" PRIMARY KEY ("namespace","tag","createdAtMs","id")
);

-- CreateTable
CREATE TABLE "SessionEnd" (
    "id" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "endedAtMs" BIGINT NOT NULL,

    CONSTRAINT "SessionEnd_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "KeptAnswer" (
    "id" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "keptAtMs" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "fingerprint" TEXT COLLATE "C" NOT NULL,
    "status" BIGINT NOT NULL,
    "headers" TEXT COLLATE "C" NOT NULL,
    "body" BYTEA,
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "KeptAnswer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SessionUses" (
    "id" BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    "uses" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "SessionUses_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "OptimizationRun" (
    "id" TEXT COLLATE "C" NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "startedAtMs" BIGINT NOT NULL,
    "trigger" TEXT COLLATE "C" NOT NULL,
    "actor" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "freedBytes" DOUBLE PRECISION NOT NULL,
    "payload" TEXT COLLATE "C" NOT NULL,
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "OptimizationRun_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RagNamespace" (
    "id" BIGINT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "documentLanguages" TEXT COLLATE "C" NOT NULL DEFAULT 'en',
    "messageLanguages" TEXT COLLATE "C" NOT NULL DEFAULT 'en',

    CONSTRAINT "RagNamespace_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RagDocument" (
    "id" BIGINT NOT NULL,
    "namespaceId" BIGINT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "page" BIGINT,
    "language" TEXT COLLATE "C",
    "metadata" TEXT COLLATE "C" NOT NULL,
    "checksum" TEXT COLLATE "C" NOT NULL,
    "chunkSize" BIGINT NOT NULL,
    "chunkOverlap" BIGINT NOT NULL,
    "chunkCount" BIGINT NOT NULL,
    "characters" BIGINT NOT NULL,
    "model" TEXT COLLATE "C" NOT NULL,
    "readingLimit" BIGINT NOT NULL DEFAULT 0,
    "wordsVersion" BIGINT NOT NULL DEFAULT 0,
    "createdAtMs" BIGINT NOT NULL,
    "updatedAtMs" BIGINT NOT NULL,
    "text" BYTEA NOT NULL,

    CONSTRAINT "RagDocument_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RagChunk" (
    "id" BIGINT NOT NULL,
    "namespaceId" BIGINT NOT NULL,
    "documentId" BIGINT NOT NULL,
    "ordinal" BIGINT NOT NULL,
    "start" BIGINT NOT NULL,
    "end" BIGINT NOT NULL,
    "vector" BYTEA NOT NULL,
    "text" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "RagChunk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Embedding" (
    "model" TEXT COLLATE "C" NOT NULL,
    "hash" BYTEA NOT NULL,
    "usedOn" BIGINT NOT NULL,
    "vector" BYTEA NOT NULL,
    "rowid" BIGINT GENERATED ALWAYS AS IDENTITY,

    CONSTRAINT "Embedding_pkey" PRIMARY KEY ("model","hash")
);

-- CreateTable
CREATE TABLE "Conversation" (
    "id" BIGINT NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "lastMessageAtMs" BIGINT NOT NULL,
    "messageCount" BIGINT NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 1,
    "lastSequence" BIGINT NOT NULL DEFAULT 0,
    "updatedAtMs" BIGINT NOT NULL DEFAULT 0,
    "title" TEXT COLLATE "C",
    "owner" TEXT COLLATE "C",
    "metadata" TEXT COLLATE "C",

    CONSTRAINT "Conversation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ConversationMessage" (
    "id" BIGINT NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "conversationId" BIGINT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "role" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "model" TEXT COLLATE "C",
    "metadata" TEXT COLLATE "C",
    "content" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL DEFAULT '',
    "version" BIGINT NOT NULL DEFAULT 1,
    "updatedAtMs" BIGINT,
    "parts" TEXT COLLATE "C",

    CONSTRAINT "ConversationMessage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MessageWindow" (
    "id" BIGINT NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "conversationId" BIGINT NOT NULL,
    "messageId" BIGINT NOT NULL,
    "model" TEXT COLLATE "C" NOT NULL,
    "vector" BYTEA NOT NULL,

    CONSTRAINT "MessageWindow_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "MessageTextIndex" (
    "namespaceId" BIGINT NOT NULL,
    "belowId" BIGINT NOT NULL,

    CONSTRAINT "MessageTextIndex_pkey" PRIMARY KEY ("namespaceId")
);

-- CreateTable
CREATE TABLE "VectorCollection" (
    "id" BIGSERIAL NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "dimensions" BIGINT NOT NULL,
    "metric" TEXT COLLATE "C" NOT NULL,
    "precision" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "formerPrecision" TEXT COLLATE "C",
    "measured" BIGINT NOT NULL DEFAULT 0,
    "errorSum" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "errorMax" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "sentShift" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "VectorCollection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "VectorSent" (
    "row" BIGINT NOT NULL,
    "collectionId" BIGINT NOT NULL,
    "vector" BYTEA NOT NULL,

    CONSTRAINT "VectorSent_pkey" PRIMARY KEY ("row")
);

-- CreateTable
CREATE TABLE "VectorPoint" (
    "row" BIGINT NOT NULL,
    "collectionId" BIGINT NOT NULL,
    "pointId" TEXT COLLATE "C" NOT NULL,
    "metadata" TEXT COLLATE "C",
    "vector" BYTEA NOT NULL,

    CONSTRAINT "VectorPoint_pkey" PRIMARY KEY ("row")
);

-- CreateTable
CREATE TABLE "StreamJob" (
    "id" TEXT COLLATE "C" NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "payload" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "StreamJob_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "LeakVerdict" (
    "id" BIGSERIAL NOT NULL,
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "atMs" BIGINT NOT NULL,
    "state" TEXT COLLATE "C" NOT NULL,
    "report" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "LeakVerdict_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "LeakStanding" (
    "nodeId" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "processes" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "LeakStanding_pkey" PRIMARY KEY ("nodeId","namespace","source")
);

-- CreateTable
CREATE TABLE "NamespaceQuota" (
    "namespace" TEXT COLLATE "C" NOT NULL,
    "maxBytes" BIGINT,
    "maxItems" BIGINT,
    "version" BIGINT NOT NULL,

    CONSTRAINT "NamespaceQuota_pkey" PRIMARY KEY ("namespace")
);

-- CreateTable
CREATE TABLE "NamespaceUsage" (
    "source" TEXT COLLATE "C" NOT NULL,
    "namespace" TEXT COLLATE "C" NOT NULL,
    "bytes" BIGINT NOT NULL,
    "items" BIGINT NOT NULL,
    "countedTo" BIGINT NOT NULL,

    CONSTRAINT "NamespaceUsage_pkey" PRIMARY KEY ("source","namespace")
);

-- CreateIndex
CREATE INDEX "ApiKey_namespace_idx" ON "ApiKey"("namespace");

-- CreateIndex
CREATE INDEX "SignIn_expiresAtMs_idx" ON "SignIn"("expiresAtMs");

-- CreateIndex
CREATE INDEX "AuditEntry_atMs_idx" ON "AuditEntry"("atMs");

-- CreateIndex
CREATE INDEX "Boot_startedAtMs_idx" ON "Boot"("startedAtMs");

-- CreateIndex
CREATE INDEX "Sample_sampledAtMs_idx" ON "Sample"("sampledAtMs");

-- CreateIndex
CREATE INDEX "Session_namespace_createdAtMs_id_idx" ON "Session"("namespace", "createdAtMs", "id");

-- CreateIndex
CREATE INDEX "Session_expiresAtMs_idx" ON "Session"("expiresAtMs");

-- CreateIndex
CREATE UNIQUE INDEX "Session_rowid_key" ON "Session"("rowid");

-- CreateIndex
CREATE INDEX "SessionEnd_endedAtMs_idx" ON "SessionEnd"("endedAtMs");

-- CreateIndex
CREATE INDEX "KeptAnswer_namespace_keptAtMs_bytes_idx" ON "KeptAnswer"("namespace", "keptAtMs", "bytes");

-- CreateIndex
CREATE INDEX "OptimizationRun_startedAtMs_idx" ON "OptimizationRun"("startedAtMs");

-- CreateIndex
CREATE UNIQUE INDEX "RagNamespace_name_key" ON "RagNamespace"("name");

-- CreateIndex
CREATE INDEX "RagDocument_source_idx" ON "RagDocument" USING HASH ("source");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_updatedAtMs_name_idx" ON "RagDocument"("namespaceId", "updatedAtMs", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_createdAtMs_name_idx" ON "RagDocument"("namespaceId", "createdAtMs", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_characters_name_idx" ON "RagDocument"("namespaceId", "characters", "name");

-- CreateIndex
CREATE INDEX "RagDocument_namespaceId_chunkCount_name_idx" ON "RagDocument"("namespaceId", "chunkCount", "name");

-- CreateIndex
CREATE UNIQUE INDEX "RagDocument_namespaceId_name_key" ON "RagDocument"("namespaceId", "name");

-- CreateIndex
CREATE INDEX "RagChunk_namespaceId_idx" ON "RagChunk"("namespaceId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "RagChunk_documentId_ordinal_key" ON "RagChunk"("documentId", "ordinal");

-- CreateIndex
CREATE INDEX "Embedding_usedOn_idx" ON "Embedding"("usedOn");

-- CreateIndex
CREATE INDEX "Conversation_namespace_lastMessageAtMs_idx" ON "Conversation"("namespace", "lastMessageAtMs", "id");

-- CreateIndex
CREATE INDEX "Conversation_namespace_owner_lastMessageAtMs_idx" ON "Conversation"("namespace", "owner", "lastMessageAtMs", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Conversation_namespace_name_key" ON "Conversation"("namespace", "name");

-- CreateIndex
CREATE INDEX "ConversationMessage_namespace_model_idx" ON "ConversationMessage"("namespace", "model", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ConversationMessage_conversationId_sequence_key" ON "ConversationMessage"("conversationId", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "ConversationMessage_conversationId_name_key" ON "ConversationMessage"("conversationId", "name");

-- CreateIndex
CREATE INDEX "MessageWindow_namespace_idx" ON "MessageWindow"("namespace", "model", "id");

-- CreateIndex
CREATE INDEX "MessageWindow_messageId_idx" ON "MessageWindow"("messageId");

-- CreateIndex
CREATE UNIQUE INDEX "VectorCollection_namespace_name_key" ON "VectorCollection"("namespace", "name");

-- CreateIndex
CREATE INDEX "VectorSent_collectionId_idx" ON "VectorSent"("collectionId", "row");

-- CreateIndex
CREATE INDEX "VectorPoint_collectionId_idx" ON "VectorPoint"("collectionId", "row");

-- CreateIndex
CREATE UNIQUE INDEX "VectorPoint_collectionId_pointId_key" ON "VectorPoint"("collectionId", "pointId");

-- CreateIndex
CREATE INDEX "StreamJob_namespace_createdAtMs_id_idx" ON "StreamJob"("namespace", "createdAtMs", "id");

-- CreateIndex
CREATE INDEX "StreamJob_nodeId_state_idx" ON "StreamJob"("nodeId", "state");

-- CreateIndex
CREATE INDEX "StreamJob_createdAtMs_id_idx" ON "StreamJob"("createdAtMs", "id");

-- CreateIndex
CREATE INDEX "LeakVerdict_namespace_id_idx" ON "LeakVerdict"("namespace", "id");

-- CreateIndex
CREATE INDEX "NamespaceUsage_namespace_idx" ON "NamespaceUsage"("namespace");

-- AddForeignKey
ALTER TABLE "RagChunk" ADD CONSTRAINT "RagChunk_documentId_fkey" FOREIGN KEY ("documentId") REFERENCES "RagDocument"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ConversationMessage" ADD CONSTRAINT "ConversationMessage_conversationId_fkey" FOREIGN KEY ("conversationId") REFERENCES "Conversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MessageWindow" ADD CONSTRAINT "MessageWindow_messageId_fkey" FOREIGN KEY ("messageId") REFERENCES "ConversationMessage"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Rows that are numbered before they are written: a call takes as many numbers as it needs, one after another.
CREATE SEQUENCE "RagNamespace_numbers" AS BIGINT;
CREATE SEQUENCE "RagDocument_numbers" AS BIGINT;
CREATE SEQUENCE "RagChunk_numbers" AS BIGINT;
CREATE SEQUENCE "Conversation_numbers" AS BIGINT;
CREATE SEQUENCE "ConversationMessage_numbers" AS BIGINT;
CREATE SEQUENCE "MessageWindow_numbers" AS BIGINT;
CREATE SEQUENCE "VectorPoint_numbers" AS BIGINT;

-- Sequences forget nothing, whatever becomes of the transaction; the lock is for the moment between both calls alone.
CREATE FUNCTION headroom_take_numbers(kind TEXT, amount BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    numbers REGCLASS := format('%I', kind || '_numbers')::REGCLASS;
    taken BIGINT;
BEGIN
    PERFORM pg_advisory_xact_lock(numbers::OID::BIGINT);
    taken := nextval(numbers);
    IF amount > 1 THEN
        PERFORM setval(numbers, taken + amount - 1);
    END IF;
    RETURN taken;
END $$;

-- The words of passages and of messages. Lexemes are made by the node (lib/backends/postgres/words.ts), so that they do not depend on the
-- server's language, and begin with their namespace's number: what another namespace has is not looked at.
CREATE TABLE "RagChunkWords" (
    "id" BIGINT NOT NULL,
    "namespaceId" BIGINT NOT NULL,
    "length" BIGINT NOT NULL,
    "words" TSVECTOR NOT NULL,

    CONSTRAINT "RagChunkWords_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "RagChunkWords_id_fkey" FOREIGN KEY ("id") REFERENCES "RagChunk"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "RagChunkWords_words_idx" ON "RagChunkWords" USING GIN ("words");
CREATE INDEX "RagChunkWords_namespaceId_length_idx" ON "RagChunkWords"("namespaceId", "length");

CREATE TABLE "ConversationMessageWords" (
    "id" BIGINT NOT NULL,
    "namespaceId" BIGINT NOT NULL,
    "length" BIGINT NOT NULL,
    "words" TSVECTOR NOT NULL,

    CONSTRAINT "ConversationMessageWords_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ConversationMessageWords_id_fkey" FOREIGN KEY ("id") REFERENCES "ConversationMessage"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "ConversationMessageWords_words_idx" ON "ConversationMessageWords" USING GIN ("words");
CREATE INDEX "ConversationMessageWords_namespaceId_length_idx" ON "ConversationMessageWords"("namespaceId", "length");

-- The sessions of each tag, whatever makes, changes or ends a session.
CREATE FUNCTION headroom_session_tags() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD."tags" <> '' THEN
        DELETE FROM "SessionTag" WHERE "namespace" = OLD."namespace" AND "createdAtMs" = OLD."createdAtMs" AND "id" = OLD."id"
            AND "tag" IN (SELECT json_array_elements_text(OLD."tags"::json));
    END IF;
    IF TG_OP <> 'DELETE' AND NEW."tags" <> '' THEN
        INSERT INTO "SessionTag" ("namespace", "tag", "createdAtMs", "id")
        SELECT NEW."namespace", "value", NEW."createdAtMs", NEW."id" FROM json_array_elements_text(NEW."tags"::json) AS list("value");
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "Session_tags_insert" AFTER INSERT ON "Session" FOR EACH ROW WHEN (NEW."tags" <> '')
    EXECUTE FUNCTION headroom_session_tags();
CREATE TRIGGER "Session_tags_delete" AFTER DELETE ON "Session" FOR EACH ROW WHEN (OLD."tags" <> '')
    EXECUTE FUNCTION headroom_session_tags();
CREATE TRIGGER "Session_tags_update" AFTER UPDATE OF "tags", "createdAtMs" ON "Session" FOR EACH ROW
    WHEN (OLD."tags" <> NEW."tags" OR (NEW."tags" <> '' AND OLD."createdAtMs" <> NEW."createdAtMs"))
    EXECUTE FUNCTION headroom_session_tags();
