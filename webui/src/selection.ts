/** The evaluation that the page's parts show together, as an index into page.evaluations. */
export interface Selection {
  selected: number | null;
  onSelect: (evaluation: number) => void;
}
