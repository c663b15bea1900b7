import type { Metadata } from "next";
import { VectorsPage } from "./_components/vectors-page.tsx";

export const metadata: Metadata = { title: "Vectors" };

export default function Page() {
  return <VectorsPage />;
}
