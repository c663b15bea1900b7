import { unstable_cache } from "next/cache";

export const revalidate = 3600;

const value = unstable_cache(async () => crypto.randomUUID(), ["isr"], { tags: ["isr"] });

export default async function Page() {
  return (
    <p>
      value={await value()} page={crypto.randomUUID()}
    </p>
  );
}
