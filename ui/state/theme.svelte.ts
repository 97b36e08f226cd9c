export type Theme = "system" | "light" | "dark";
const KEY = "windhover.theme";

class ThemeState {
  choice = $state<Theme>(readChoice());

  set(choice: Theme): void {
    this.choice = choice;
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      if (choice === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Not kept; the page still shows it.
    }
  }

  next(): void {
    this.set(this.choice === "system" ? "light" : this.choice === "light" ? "dark" : "system");
  }
}

function readChoice(): Theme {
  const theme = typeof document === "undefined" ? undefined : document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export const theme = new ThemeState();
