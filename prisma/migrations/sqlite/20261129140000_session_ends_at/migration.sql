-- An end that use does not move; sessions of earlier versions have none.
ALTER TABLE "Session" ADD COLUMN "endsAtMs" BIGINT;
