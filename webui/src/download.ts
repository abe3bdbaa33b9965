export type Cell = string | number | null;

function quoted(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** RFC 4180; an empty field where a figure is not known. */
export function toCsv<Row>(columns: { csv: string; value: (row: Row) => Cell }[], rows: Row[]): string {
  const lines = [columns.map((column) => quoted(column.csv)),
    ...rows.map((row) => columns.map((column) => quoted(column.value(row))))];
  return lines.map((line) => line.join(",") + "\r\n").join("");
}

/** Hands the text to the browser as a file; nothing leaves the machine. */
export function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
