// How charts write their axes and values; days and ages are numbers on a linear axis.
(function () {
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const two = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
  const functions = (window.dashMantineFunctions = window.dashMantineFunctions || {});
  const iso = (value, length) => new Date(value).toISOString().slice(0, length).replace("T", " ");
  functions.chartDay = (value) => (Number.isFinite(value) ? iso(value, 10) : "");
  functions.chartInstant = (value) => (Number.isFinite(value) ? iso(value, 16) : "");
  functions.chartAge = (value) => whole.format(value);
  functions.chartCount = (value) =>
    Math.abs(value) >= 100000 ? short.format(value) : whole.format(value);
  functions.chartScore = (value) => two.format(value);
  functions.chartShare = (value) => (value * 100).toFixed(1) + "\u202f%";
})();
