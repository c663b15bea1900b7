import { cookies } from "next/headers";
import { isTheme, THEME_COOKIE, type Theme } from "../_components/shell/theme.ts";

/** The theme that the visitor chose; undefined leaves it to the system's setting. Known before the first byte, so nothing flashes. */
export async function chosenTheme(): Promise<Theme | undefined> {
  const value = (await cookies()).get(THEME_COOKIE)?.value;
  return isTheme(value) ? value : undefined;
}
