-- First answers to requests with an Idempotency-Key, for a day.
CREATE TABLE "KeptAnswer" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "namespace" TEXT NOT NULL,
    "keptAtMs" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "headers" TEXT NOT NULL,
    "body" BLOB
);

-- CreateIndex
CREATE INDEX "KeptAnswer_namespace_keptAtMs_bytes_idx" ON "KeptAnswer"("namespace", "keptAtMs", "bytes");
