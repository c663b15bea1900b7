-- A session's tags as a JSON list; sessions of earlier versions have none.
ALTER TABLE "Session" ADD COLUMN "tags" TEXT NOT NULL DEFAULT '';

-- The sessions of each tag. The triggers below keep it, whatever makes, changes or ends a session.
CREATE TABLE "SessionTag" (
    "namespace" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    "createdAtMs" BIGINT NOT NULL,
    "id" TEXT NOT NULL,

    PRIMARY KEY ("namespace", "tag", "createdAtMs", "id")
);

CREATE TRIGGER "Session_tags_insert" AFTER INSERT ON "Session" WHEN NEW."tags" <> '' BEGIN
    INSERT INTO "SessionTag" ("namespace", "tag", "createdAtMs", "id")
    SELECT NEW."namespace", "value", NEW."createdAtMs", NEW."id" FROM json_each(NEW."tags");
END;

CREATE TRIGGER "Session_tags_delete" AFTER DELETE ON "Session" WHEN OLD."tags" <> '' BEGIN
    DELETE FROM "SessionTag" WHERE "namespace" = OLD."namespace" AND "createdAtMs" = OLD."createdAtMs" AND "id" = OLD."id"
        AND "tag" IN (SELECT "value" FROM json_each(OLD."tags"));
END;

CREATE TRIGGER "Session_tags_update" AFTER UPDATE OF "tags", "createdAtMs" ON "Session"
WHEN OLD."tags" <> NEW."tags" OR (NEW."tags" <> '' AND OLD."createdAtMs" <> NEW."createdAtMs") BEGIN
    DELETE FROM "SessionTag" WHERE "namespace" = OLD."namespace" AND "createdAtMs" = OLD."createdAtMs" AND "id" = OLD."id"
        AND "tag" IN (SELECT "value" FROM json_each(CASE OLD."tags" WHEN '' THEN '[]' ELSE OLD."tags" END));
    INSERT INTO "SessionTag" ("namespace", "tag", "createdAtMs", "id")
    SELECT NEW."namespace", "value", NEW."createdAtMs", NEW."id"
    FROM json_each(CASE NEW."tags" WHEN '' THEN '[]' ELSE NEW."tags" END);
END;
