import type { Metadata } from "next";
import { OptimizerPage } from "./_components/optimizer-page.tsx";

export const metadata: Metadata = { title: "Optimizer" };

export default function Page() {
  return <OptimizerPage />;
}
