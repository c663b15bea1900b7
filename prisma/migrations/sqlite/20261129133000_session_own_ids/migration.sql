-- The id that a session's caller chose; sessions of earlier versions have ids that were made here.
ALTER TABLE "Session" ADD COLUMN "ownId" TEXT;

-- Ends of sessions with such ids: for a day nothing begins again under these.
CREATE TABLE "SessionEnd" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "namespace" TEXT NOT NULL,
    "endedAtMs" BIGINT NOT NULL
);

-- CreateIndex
CREATE INDEX "SessionEnd_endedAtMs_idx" ON "SessionEnd"("endedAtMs");
