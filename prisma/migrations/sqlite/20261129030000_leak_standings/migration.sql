-- CreateTable
CREATE TABLE "LeakStanding" (
    "nodeId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "processes" TEXT NOT NULL,

    PRIMARY KEY ("nodeId", "namespace", "source")
);
