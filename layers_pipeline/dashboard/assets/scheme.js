// Light or dark before anything is drawn, as Mantine keeps it.
(function () {
  var kept = null;
  try {
    kept = window.localStorage.getItem("mantine-color-scheme-value");
  } catch (error) {
    kept = null;
  }
  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  var scheme = kept === "light" || kept === "dark" ? kept : dark ? "dark" : "light";
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
})();
