// What runs in the browser on the content pages: how values are written, opening the panel,
// dropping rows that a filter no longer keeps. Values of strangers are only ever text.
(function () {
  const NULL = "\u2013";
  const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const fixed = (digits) =>
    new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const two = fixed(2);
  const one = fixed(1);
  const known = (write) => (params) =>
    // A row that is still on its way has no data: it is no unknown value.
    params.data === undefined || params.data === null
      ? ""
      : params.value === null || params.value === undefined
        ? NULL
        : write(params.value, params.data);
  const text = (value) => String(value).replace(CONTROLS, " ");

  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  functions.shown_text = known(text);
  functions.shown_words = known((value) => text(value).replaceAll("_", " "));
  functions.shown_count = known((value) => whole.format(value));
  functions.shown_score = known((value) => two.format(value));
  functions.shown_share = known((value) => one.format(value * 100) + "\u202f%");
  functions.shown_day = known((value) => text(value).slice(0, 10));
  functions.shown_instant = known((value) => text(value).slice(0, 16).replace("T", " "));
  functions.shown_truth = known((value) => (value ? "yes" : "no"));
  functions.shown_money = known((value) => text(value));

  functions.layersTheme = (theme) =>
    theme.withParams({
      backgroundColor: "var(--mantine-color-body)",
      foregroundColor: "var(--mantine-color-text)",
      borderColor: "var(--mantine-color-default-border)",
      accentColor: "var(--mantine-primary-color-filled)",
      headerTextColor: "var(--mantine-color-text)",
      browserColorScheme: "inherit",
      fontFamily: "inherit",
      fontSize: 13,
      rowHeight: 34,
      headerHeight: 36,
      wrapperBorderRadius: 8,
    });

  function open(id) {
    if (id) {
      window.dash_clientside.set_props("content-opened", { data: id });
    }
  }
  functions.openContent = (params) => open(params.node && params.node.id);
  functions.openContentByKey = (params) => {
    if (params.event && params.event.key === "Enter") {
      open(params.node && params.node.id);
    }
  };

  // Mantine heads the panel with a <header>, which is one too many beside the page's own.
  new MutationObserver(() => {
    for (const head of document.getElementsByClassName("mantine-Drawer-header")) {
      head.setAttribute("role", "presentation");
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.content = {
    dropRows: function (rows) {
      if (rows !== undefined && document.getElementById("content-grid")) {
        window.dash_ag_grid.getApiAsync("content-grid").then((grid) => {
          grid.purgeInfiniteCache();
          if (grid.getDisplayedRowCount() > 0) {
            grid.ensureIndexVisible(0);
          }
        });
      }
      return window.dash_clientside.no_update;
    },
  };
})();
