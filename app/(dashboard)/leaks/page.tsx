import type { Metadata } from "next";
import { LeaksPage } from "./_components/leaks-page.tsx";

export const metadata: Metadata = { title: "Leaks" };

export default function Page() {
  return <LeaksPage />;
}
