import Link from "next/link";
import { Button } from "./_components/ui/button.tsx";

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-lg flex-col items-center justify-center px-6 text-center">
      <p className="tabular text-13 text-faint">404</p>
      <h1 className="mt-1 text-20">There is no such page</h1>
      <p className="mt-2 text-13">The address may be old, or the page may not be built yet.</p>
      <Button asChild className="mt-4">
        <Link href="/">Go to the overview</Link>
      </Button>
    </main>
  );
}
