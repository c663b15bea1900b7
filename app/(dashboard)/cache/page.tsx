import type { Metadata } from "next";
import { CachePage } from "./_components/cache-page.tsx";

export const metadata: Metadata = { title: "Cache" };

export default function Page() {
  return <CachePage />;
}
