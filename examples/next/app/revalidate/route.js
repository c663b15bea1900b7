import { revalidatePath, revalidateTag } from "next/cache";

export const dynamic = "force-dynamic";

export async function GET(request) {
  const { searchParams } = new URL(request.url);
  if (searchParams.has("path")) revalidatePath(searchParams.get("path"));
  if (searchParams.has("tag")) revalidateTag(searchParams.get("tag"), searchParams.has("soft") ? "max" : { expire: 0 });
  return Response.json({});
}
