#!/usr/bin/env python3
"""Holds the code against the tables of docs/architecture.md.

    layering.py [ROOT]      prints each breach; exit 1 where there is one

Read from the document: modules with their direct links, programs with theirs, and the folders in
which a library's headers may be included. Compared with it: LINKS in src/**/CMakeLists.txt, the
links of apps/*/CMakeLists.txt, and every #include in src/ and apps/. A type's name is defined once
in its namespace.
"""

import pathlib
import re
import sys

ENGINES = ("train/torch", "profile/runtimes/openvino")
QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.MULTILINE)
# A type at the level of its namespace; one inside another is indented.
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?\s*(?::[^;{]*)?\{", re.MULTILINE)
ANGLED = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.MULTILINE)


def table(text, *header):
    """Rows of the Markdown table with these column names, as lists of cells without backquotes."""
    rows, inside = [], False
    for line in text.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells == list(header):
            inside = True
        elif inside and not set(line) <= set("|-: "):
            rows.append(cells)
    return rows


def names(cell):
    """'base, graph' -> {'base', 'graph'}; 'libraries only' -> {}."""
    return set() if cell == "libraries only" else {name.strip() for name in cell.split(",")}


class Design:
    """The tables of docs/architecture.md."""

    def __init__(self, root):
        text = (root / "docs" / "architecture.md").read_text()
        modules = table(text, "module", "owns", "links directly")
        self.links = {row[0]: names(row[2]) for row in modules}
        self.programs = {row[0]: names(row[1]) for row in table(text, "program", "links directly")}
        self.libraries = {prefix.strip(): names(row[1]) for row in table(text, "headers", "only in")
                          for prefix in row[0].split(",")}

    def reach(self, start):
        """The modules that `start` (names) lead to by links, themselves included."""
        seen, queue = set(), list(start)
        while queue:
            module = queue.pop()
            if module not in seen:
                seen.add(module)
                queue += self.links.get(module, ())
        return seen

    def breaches(self):
        if not self.links or not self.programs:
            yield "docs/architecture.md: no module table or no program table found"
        for module, links in self.links.items():
            for link in sorted(links - self.links.keys()):
                yield f"docs/architecture.md: {module} links {link}, which is not in the table"
            if module in self.reach(links):
                yield f"docs/architecture.md: {module} links itself in a circle"
        for program, links in self.programs.items():
            for link in sorted(links - self.links.keys()):
                yield f"docs/architecture.md: {program} links {link}, which is not in the table"
        for engine in self.reach(self.programs.get("edgetran", ())) & set(ENGINES):
            yield f"docs/architecture.md: the program edgetran reaches the engine {engine}"


def commands(path):
    """(name, words) of each command in a CMake file, comments dropped."""
    text = re.sub(r"#[^\n]*", "", path.read_text())
    for name, body in re.findall(r"(\w+)\s*\(([^()]*)\)", text):
        yield name, body.split()


def declared_links(words):
    """The words after LINKS up to the next keyword."""
    links = []
    if "LINKS" in words:
        for word in words[words.index("LINKS") + 1:]:
            if re.fullmatch(r"[A-Z_]+", word):
                break
            links.append(word)
    return set(links)


def module_breaches(root, design):
    """LINKS against the table, and modules that the table does not know."""
    for path in sorted((root / "src").rglob("CMakeLists.txt")):
        for name, words in commands(path):
            if name != "edgetran_module":
                continue
            where, module = path.relative_to(root), words[0]
            folder = path.parent.relative_to(root / "src").as_posix()
            if module != folder:
                yield f"{where}: declares {module} in the folder of {folder}"
            if module not in design.links:
                yield f"{where}: {module} is not in the table of docs/architecture.md"
            elif declared_links(words) != design.links[module]:
                yield (f"{where}: {module} links {sorted(declared_links(words))}, "
                       f"the table says {sorted(design.links[module])}")


def program_breaches(root, design):
    """The links of each program against the table."""
    targets = {"edgetran_" + module.replace("/", "_"): module for module in design.links}
    for path in sorted((root / "apps").glob("*/CMakeLists.txt")):
        linked = {}
        for name, words in commands(path):
            if name == "target_link_libraries":
                linked.setdefault(words[0], set()).update(
                    targets[word] for word in words[1:] if word in targets)
        for program, links in linked.items():
            if links != design.programs.get(program):
                yield (f"{path.relative_to(root)}: {program} links {sorted(links)}, the table says "
                       f"{sorted(design.programs.get(program, ()))}")


def owner(design, relative):
    """The module that a path under src/ belongs to: the longest name that is its prefix."""
    parents = [parent.as_posix() for parent in pathlib.PurePosixPath(relative).parents]
    return next((parent for parent in parents if parent in design.links), None)


def allowed(design, root, path):
    """(who, modules it may include) of a source file."""
    relative = path.relative_to(root).as_posix()
    if relative.startswith("apps/"):
        links = set()
        for name, words in commands(path.parent / "CMakeLists.txt"):
            if name == "add_executable":
                links |= design.programs.get(words[0], set())
        return "apps", design.reach(links)
    module = owner(design, relative[len("src/"):])
    return module, design.reach([module]) if module else set()


def include_breaches(root, design):
    for folder in ("src", "apps"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            who, reachable = allowed(design, root, path)
            where, text = path.relative_to(root), path.read_text()
            if who is None:
                yield f"{where}: belongs to no module of the table"
                continue
            for name in QUOTED.findall(text):
                module = owner(design, name)
                if who == "apps" and (path.parent / name).is_file():
                    continue  # a program's own part
                if module is None:
                    yield f'{where}: "{name}" does not begin with a module of the table'
                elif module not in reachable:
                    yield f'{where}: {who} may not include "{name}" of {module}'
            for name in ANGLED.findall(text):
                for prefix, homes in design.libraries.items():
                    if name.startswith(prefix) and who not in homes:
                        yield f"{where}: <{name}> is allowed only in {', '.join(sorted(homes))}"


def type_breaches(root):
    """Two types of one name are one to the linker: their templates are mixed, and nothing says so."""
    homes = {}
    for folder in ("src", "apps"):
        for path in sorted((root / folder).rglob("*.h")):
            text = path.read_text()
            space = NAMESPACE.search(text)
            for name in TYPE.findall(text):
                homes.setdefault((space[1] if space else "", name), []).append(path)
    for (space, name), paths in homes.items():
        # Programs are linked apart from each other; what is in no namespace is seen in its program.
        places = {path.parent if not space else "" for path in paths}
        if len(paths) > len(places):
            listed = ", ".join(str(path.relative_to(root)) for path in paths)
            yield f"{space}::{name} is defined more than once: {listed}"


def breaches(root):
    design = Design(root)
    return [*design.breaches(), *module_breaches(root, design), *program_breaches(root, design),
            *include_breaches(root, design), *type_breaches(root)]


def main(arguments):
    default = pathlib.Path(__file__).resolve().parents[2]
    found = breaches(pathlib.Path(arguments[0]).resolve() if arguments else default)
    for breach in found:
        print(breach)
    print(f"layering: {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
