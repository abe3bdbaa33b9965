import type { Page } from "./page";

/** What the figures rest on: data, machine, settings, versions. */
export function StudyFacts({ page }: { page: Page }) {
  const groups = [...page.facts,
    ...page.devices.filter((device) => device.facts.length > 0)
      .map((device) => ({ title: device.name, rows: device.facts }))];
  return (
    <div class="facts">
      {groups.map((group) => (
        <div key={group.title}>
          <h3>{group.title}</h3>
          <dl>{group.rows.map(([name, value]) => (
            <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
          ))}</dl>
        </div>
      ))}
    </div>
  );
}
