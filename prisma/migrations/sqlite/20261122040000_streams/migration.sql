-- CreateTable
CREATE TABLE "StreamJob" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "nodeId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "payload" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "StreamJob_namespace_createdAtMs_id_idx" ON "StreamJob"("namespace", "createdAtMs", "id");

-- CreateIndex
CREATE INDEX "StreamJob_nodeId_state_idx" ON "StreamJob"("nodeId", "state");

-- CreateIndex
CREATE INDEX "StreamJob_createdAtMs_id_idx" ON "StreamJob"("createdAtMs", "id");
