import { defineConfig } from "prisma/config";

// For the stock CLI (`prisma migrate dev`); the server applies the committed SQL itself at start.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations/sqlite" },
  datasource: { url: process.env.HEADROOM_DATABASE_URL ?? "file:./data/headroom.db" },
});
