import type { Page } from "./page";

/** Only what is wrong. */
export function Health({ page }: { page: Page }) {
  if (page.problems.length + page.notes.length === 0) {
    return <p class="well">Nothing is wrong: no trial failed, no measurement was flagged.</p>;
  }
  return (
    <ul class="problems">
      {page.problems.map((problem) => (
        <li key={problem.what}><b>{problem.what}</b> {problem.reason}</li>
      ))}
      {page.notes.map((note) => <li key={note}>{note}</li>)}
    </ul>
  );
}
