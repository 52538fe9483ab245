// Runs before the first paint: a chosen theme must not flash. "" follows the device.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset.theme = chosen;
    }
  } catch {
    // No storage: the device decides.
  }
})();
