// What every figure from a part of a data set says of itself.
import type { Column } from "./data_table";
import type { Page } from "./page";

/** Beside a figure; nothing where the data are whole. */
export function SubsetBadge({ page }: { page: Page }) {
  const note = page.quality.subset_note;
  return note ? <span class="kind subset" title={note}>subset</span> : null;
}

/** In words, on the page itself: a title is not seen on paper or a screenshot. */
export function SubsetNote({ page }: { page: Page }) {
  const note = page.quality.subset_note;
  return note ? <p class="subset-note" role="note"><b>Subset:</b> {note}.</p> : null;
}

/** The last column of a table, with the whole note in its CSV. */
export function subsetColumns<Row>(page: Page): Column<Row>[] {
  const note = page.quality.subset_note;
  return note ? [{ name: "Data", csv: "note", value: () => note, show: () => <SubsetBadge page={page} /> }] : [];
}
