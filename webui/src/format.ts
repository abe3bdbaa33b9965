// Figures as people read them. A missing figure is an em dash.

const none = "—";
const groups = /\B(?=(\d{3})+(?!\d))/g;

/** Three significant digits, never in powers of ten: 0.00123, 1.23, 123, 12 300. */
export function significant(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return count(Number(value.toPrecision(3)), Math.min(digits, 8));
}

function count(value: number, digits: number): string {
  const [whole, fraction] = value.toFixed(digits).split(".");
  const grouped = (whole ?? "").replace(groups, "\u202f");
  return fraction ? `${grouped}.${fraction}` : grouped;
}

export function integer(value: number | null): string {
  return value === null ? none : count(value, 0);
}

export function seconds(value: number | null): string {
  if (value === null) return none;
  if (value >= 90) {
    const minutes = Math.floor(Math.round(value) / 60);
    return `${minutes} min ${Math.round(value) % 60} s`;
  }
  if (value >= 1) return `${significant(value)} s`;
  if (value >= 1e-3) return `${significant(value * 1e3)} ms`;
  return `${significant(value * 1e6)} µs`;
}

export function bytes(value: number | null): string {
  if (value === null) return none;
  if (value >= 2 ** 30) return `${significant(value / 2 ** 30)} GiB`;
  if (value >= 2 ** 20) return `${significant(value / 2 ** 20)} MiB`;
  if (value >= 2 ** 10) return `${significant(value / 2 ** 10)} KiB`;
  return `${value} B`;
}

/** 4 850 000 -> "4.85 M": for axes and tight places. */
export function short(value: number): string {
  if (value >= 1e9) return `${significant(value / 1e9)} G`;
  if (value >= 1e6) return `${significant(value / 1e6)} M`;
  if (value >= 1e3) return `${significant(value / 1e3)} k`;
  return significant(value);
}

/** A share as a percentage with one digit; any other score with three significant digits. */
export function quality(value: number | null, share: boolean): string {
  if (value === null) return none;
  return share ? `${(100 * value).toFixed(1)}\u202f%` : significant(value);
}

/** "macro_f1" -> "Macro f1": names of metrics as titles. */
export function title(name: string): string {
  const words = name.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A label of an axis: "5.00 ms" -> "5 ms". */
export function label(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}
