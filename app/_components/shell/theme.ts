export const THEME_COOKIE = "headroom-theme";
export type Theme = "light" | "dark";
export type ThemeChoice = Theme | "system";

export function isTheme(value: unknown): value is Theme {
  return value === "light" || value === "dark";
}

/** Applies the choice at once and remembers it for a year; "system" forgets it. */
export function chooseTheme(choice: ThemeChoice): void {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  const keep = choice === "system" ? "max-age=0" : `max-age=${365 * 86_400}`;
  // biome-ignore lint/suspicious/noDocumentCookie: the server reads it before the first paint, and cookieStore needs https
  document.cookie = `${THEME_COOKIE}=${choice}; path=/; samesite=lax; ${keep}`;
}

export function currentTheme(): ThemeChoice {
  const value = document.documentElement.dataset.theme;
  return isTheme(value) ? value : "system";
}
