import type { Metadata } from "next";
import { ApiPage } from "./_components/api-page.tsx";

export const metadata: Metadata = { title: "API" };

export default function DocsPage() {
  return <ApiPage />;
}
