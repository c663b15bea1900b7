-- CreateTable
CREATE TABLE "LeakVerdict" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "nodeId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "atMs" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "report" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "LeakVerdict_namespace_id_idx" ON "LeakVerdict"("namespace", "id");
