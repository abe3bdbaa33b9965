import { render } from "preact";
import { App } from "./app";
import { decode } from "./page";

const data = document.getElementById("data")?.textContent ?? "";
const root = document.getElementById("page");
if (root) {
  root.textContent = "";
  render(<App page={decode(data)} />, root);
}
