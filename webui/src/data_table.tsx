import { useMemo, useState } from "preact/hooks";
import { download, toCsv, type Cell } from "./download";

export interface Column<Row> {
  name: string;
  /** Header of the column in the CSV file: SI unit in the name. */
  csv: string;
  value: (row: Row) => Cell;
  show?: (row: Row) => preact.ComponentChildren;
  /** The first click sorts this way. */
  descending?: boolean;
}

interface Props<Row> {
  label: string;
  file: string;
  rows: Row[];
  columns: Column<Row>[];
  sorted: number;
  keyOf: (row: Row) => number;
  selected?: (row: Row) => boolean;
  onSelect?: (row: Row) => void;
}

// So many rows fit a screen beside the picture; the rest is one button away.
const page_rows = 12;

/** Missing values come last in either direction; equal ones keep their order. */
function compare(a: Cell, b: Cell, descending: boolean): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  const order = typeof a === "number" && typeof b === "number"
    ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}

/** A table that sorts by any column, folds after some rows and downloads as CSV. */
export function DataTable<Row>(props: Props<Row>) {
  const { columns, rows, keyOf, onSelect } = props;
  const [by, setBy] = useState(props.sorted);
  const [descending, setDescending] = useState(columns[props.sorted]?.descending ?? false);
  const [whole, setWhole] = useState(false);
  const ordered = useMemo(() => {
    const column = columns[by];
    return column ? [...rows].sort((a, b) => compare(column.value(a), column.value(b), descending)) : rows;
  }, [rows, by, descending]);
  const sort = (index: number) => {
    setDescending(index === by ? !descending : columns[index]?.descending ?? false);
    setBy(index);
  };
  return (
    <div class="data-table">
      <div class="table-scroll" tabIndex={0} role="region" aria-label={props.label}>
        <table>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={column.csv} scope="col"
                  aria-sort={index !== by ? "none" : descending ? "descending" : "ascending"}>
                  <button type="button" onClick={() => sort(index)}>{column.name}</button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(whole ? ordered : ordered.slice(0, page_rows)).map((row) => (
              <tr key={keyOf(row)} aria-selected={props.selected?.(row) ?? false}
                onClick={onSelect && (() => onSelect(row))}>
                {columns.map((column) => {
                  const value = column.value(row);
                  return <td key={column.csv} class={typeof value === "number" ? "number" : ""}>
                    {column.show ? column.show(row) : value ?? "—"}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        {rows.length > page_rows && (
          <button type="button" onClick={() => setWhole(!whole)}>
            {whole ? `Show ${page_rows}` : `Show all ${rows.length}`}
          </button>
        )}
        <button type="button" onClick={() => download(props.file, toCsv(columns, ordered))}>Download CSV</button>
      </div>
    </div>
  );
}
