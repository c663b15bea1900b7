-- CreateTable
CREATE TABLE "Meta" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "namespace" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT,
    "revokedAtMs" BIGINT
);

-- CreateTable
CREATE TABLE "SignIn" (
    "tokenHash" TEXT NOT NULL PRIMARY KEY,
    "keyId" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "SettingRevision" (
    "revision" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "values" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "nodeId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "atMs" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "requestId" TEXT,
    "detail" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "Sample" (
    "sequence" INTEGER NOT NULL PRIMARY KEY,
    "nodeId" TEXT NOT NULL,
    "bootId" TEXT NOT NULL,
    "sampledAtMs" BIGINT NOT NULL,
    "usedBytes" REAL NOT NULL,
    "limitBytes" REAL NOT NULL,
    "rssBytes" REAL NOT NULL,
    "heapUsedBytes" REAL NOT NULL,
    "heapTotalBytes" REAL NOT NULL,
    "externalBytes" REAL NOT NULL,
    "arrayBuffersBytes" REAL NOT NULL,
    "gcPauseMs" REAL NOT NULL,
    "delayP99Ms" REAL NOT NULL,
    "requests" REAL NOT NULL,
    "sessions" REAL NOT NULL,
    "cache" REAL NOT NULL,
    "vectors" REAL NOT NULL,
    "rag" REAL NOT NULL,
    "embeddings" REAL NOT NULL,
    "streams" REAL NOT NULL,
    "runtime" REAL NOT NULL,
    "unattributed" REAL NOT NULL,
    "payload" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "SampleRollup" (
    "nodeId" TEXT NOT NULL,
    "stepSeconds" INTEGER NOT NULL,
    "startAtMs" BIGINT NOT NULL,
    "count" INTEGER NOT NULL,
    "figures" TEXT NOT NULL,

    PRIMARY KEY ("nodeId", "stepSeconds", "startAtMs")
);

-- CreateIndex
CREATE INDEX "ApiKey_namespace_idx" ON "ApiKey"("namespace");

-- CreateIndex
CREATE INDEX "SignIn_expiresAtMs_idx" ON "SignIn"("expiresAtMs");

-- CreateIndex
CREATE INDEX "AuditEntry_atMs_idx" ON "AuditEntry"("atMs");

-- CreateIndex
CREATE INDEX "Sample_sampledAtMs_idx" ON "Sample"("sampledAtMs");
