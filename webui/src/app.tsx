import { useState } from "preact/hooks";
import { EvaluationTable } from "./evaluation_table";
import { integer, seconds } from "./format";
import { Health } from "./health";
import { ModelCard } from "./model_card";
import { Overview } from "./overview";
import type { Page } from "./page";
import { ParetoChart } from "./pareto_chart";
import { RungsSection } from "./rungs_chart";
import { StudyFacts } from "./study_facts";

const sections: [id: string, title: string][] = [
  ["recommended", "Recommended"],
  ["pareto", "Speed and quality"],
  ["training", "Training"],
  ["study", "Study"],
  ["health", "Health"],
];

/** The evaluation shown first: the recommended one, else the best on the front. */
function first(page: Page): number | null {
  if (page.recommended) return page.recommended.evaluation;
  const front = page.evaluations.findIndex((evaluation) => evaluation.front);
  return front < 0 ? null : front;
}

function Masthead({ page }: { page: Page }) {
  const { study } = page;
  return (
    <header class="masthead">
      <div class="brand">EdgeTran <span>report</span></div>
      <h1>{study.name}</h1>
      <p class="muted">
        {integer(page.encoders.length)} encoders × {integer(page.devices.length)} deployments
        {" · "}seed {study.seed}{" · "}
        {study.finished ? `finished in ${seconds(study.seconds)}` : "still running"}
        {" · "}<time>{study.created}</time>
      </p>
      <nav aria-label="Sections">
        {sections.map(([id, title]) => <a key={id} href={`#${id}`}>{title}</a>)}
      </nav>
    </header>
  );
}

export function App({ page }: { page: Page }) {
  const [selected, select] = useState(() => first(page));
  return (
    <>
      <Masthead page={page} />
      <main>
        <section id="recommended" aria-label="Recommended">
          <Overview page={page} />
        </section>
        <section id="pareto" aria-labelledby="pareto-title">
          <h2 id="pareto-title">Speed and quality</h2>
          <div class="split">
            <ParetoChart page={page} selected={selected} onSelect={select} />
            <ModelCard page={page} selected={selected} />
          </div>
          <EvaluationTable page={page} selected={selected} onSelect={select} />
        </section>
        <section id="training" aria-labelledby="training-title">
          <h2 id="training-title">Training</h2>
          <RungsSection page={page} selected={selected} onSelect={select} />
        </section>
        <section id="study" aria-labelledby="study-title">
          <h2 id="study-title">Study</h2>
          <StudyFacts page={page} />
        </section>
        <section id="health" aria-labelledby="health-title">
          <h2 id="health-title">Health</h2>
          <Health page={page} />
        </section>
      </main>
      <footer class="muted">{page.program} · this page is one file and asks no network</footer>
    </>
  );
}
