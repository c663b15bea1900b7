-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "namespace" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "lastUsedAtMs" BIGINT NOT NULL,
    "idleTimeoutMs" BIGINT NOT NULL,
    "expiresAtMs" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "data" BLOB NOT NULL
);

-- CreateIndex
CREATE INDEX "Session_namespace_createdAtMs_id_idx" ON "Session"("namespace", "createdAtMs", "id");

-- CreateIndex
CREATE INDEX "Session_expiresAtMs_idx" ON "Session"("expiresAtMs");

