import { cacheLife, cacheTag } from "next/cache";

export const dynamic = "force-dynamic";

async function here() {
  "use cache";
  cacheTag("use");
  cacheLife("hours");
  return crypto.randomUUID();
}

async function remote() {
  "use cache: remote";
  cacheTag("use");
  cacheLife("hours");
  return crypto.randomUUID();
}

export async function GET() {
  return Response.json({ here: await here(), remote: await remote() });
}
