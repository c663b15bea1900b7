-- CreateTable
CREATE TABLE "OptimizationRun" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "nodeId" TEXT NOT NULL,
    "startedAtMs" BIGINT NOT NULL,
    "trigger" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "freedBytes" REAL NOT NULL,
    "payload" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "OptimizationRun_startedAtMs_idx" ON "OptimizationRun"("startedAtMs");
