-- Starts of the server: samples tell of a restart only while they are kept at full rate.
CREATE TABLE "Boot" (
    "bootId" TEXT NOT NULL PRIMARY KEY,
    "nodeId" TEXT NOT NULL,
    "startedAtMs" BIGINT NOT NULL
);

CREATE INDEX "Boot_startedAtMs_idx" ON "Boot"("startedAtMs");

-- What the samples of an earlier version still tell.
INSERT INTO "Boot" ("bootId", "nodeId", "startedAtMs")
SELECT "bootId", "nodeId", min("sampledAtMs") FROM "Sample" GROUP BY "bootId" ORDER BY 3;
