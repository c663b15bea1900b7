import type { Metadata } from "next";
import { SettingsTabs } from "./_components/settings-tabs.tsx";

export const metadata: Metadata = { title: "Settings" };

export default function SettingsPage() {
  return <SettingsTabs />;
}
