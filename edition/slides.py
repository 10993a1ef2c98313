"""Slides from the notebooks, for whoever presents.

The rule: ``#`` and ``##`` begin a column, ``###`` (an exercise) goes below it. Prose and cells are steps in their order;
what a cell gives is the *next* step, so that the room predicts first. A worked answer has a slide of its own. As many steps
as fit stand on one slide (``theme/slides.js``). The notes have what INSTRUCTORS.md knows of the lesson, and each hint.
"""

import html
import re
import shutil
from pathlib import Path

from course.checking import find_exercise
from course.paths import Course
from edition import diagrams, tools
from edition.pages import THEME, Page, source_of, to_pages

BREAK = '<div class="step break"></div>'
CHECK = re.compile(r"^check\(", re.MULTILINE)


def write(course: Course, pages: list[Page], folder: Path) -> None:
    """One deck for each lesson, and what they share."""
    from pygments.formatters import HtmlFormatter

    lessons = [page for page in pages if page.number]
    shared = folder / "shared"
    shared.mkdir(parents=True)
    reveal = tools.npm_packages()["reveal.js"] / "dist"
    for name in ("reset.css", "reveal.css", "reveal.js", "plugin/notes.js", "plugin/search.js"):
        shutil.copy(reveal / name, shared / Path(name).name)
    shutil.copy(THEME / "slides.js", shared)
    colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".code")
    own = (THEME / "slides.css").read_text(encoding="utf-8")
    (shared / "slides.css").write_text(f"{colours}\n{own}", encoding="utf-8")
    drawn = [
        source
        for page in lessons
        for cell in page.notebook["cells"]
        if cell["cell_type"] == "markdown"
        for source in diagrams.find(source_of(cell))
    ]
    diagrams.draw(drawn, folder / "diagrams")
    timing = _timing(course)
    for page in lessons:
        (folder / f"{page.name}.html").write_text(
            _deck(page, timing.get(page.number, {})), encoding="utf-8"
        )


def _timing(course: Course) -> dict[str, dict[str, int]]:
    """What INSTRUCTORS.md says of each lesson's time, in minutes."""
    text = (course.root / "INSTRUCTORS.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\d) [^|]*\| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    return {
        number: {
            "reading": int(reading),
            "exercises": int(exercises),
            "discussion": int(discussion),
        }
        for number, reading, exercises, discussion in rows
    }


def sections(page: Page) -> list[tuple[int, str, list[str]]]:
    """Level, heading and steps (as HTML) of each part of a lesson."""
    found: list[tuple[int, str, list[str]]] = []
    steps: list[str] = []
    after_answer = False
    for cell in _merged(page):
        text, tags = source_of(cell), cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":
            heading = re.match(r"(#{1,3}) +(.+)\n*", text)
            if heading and "solution" not in tags:
                steps = []
                found.append((len(heading[1]), heading[2], steps))
                text = text[heading.end() :]
            elif after_answer and "solution" not in tags:
                steps.append(BREAK)
            after_answer = after_answer and "solution" in tags
            for part in re.split(r"\n\n(?=\*\*Predict)", text.strip()):
                if part:
                    steps.append(_step(_prose(part)))
        elif "solution" in tags:
            steps += [BREAK, _step(f"<p><strong>Worked answer</strong></p>{_code(cell)}")]
            after_answer = True
        elif not CHECK.search(text):
            if after_answer:
                steps.append(BREAK)
            after_answer = False
            steps.append(_step(_code(cell)))
            if said := _output(cell):
                steps.append(f'<div class="step output">{said}</div>')
    return found


def _merged(page: Page) -> list[dict]:
    """The cells of the worked copy, with each stub before its worked answer."""
    stubs = {
        cell["id"]: cell
        for cell in page.notebook["cells"]
        if "exercise" in cell["metadata"].get("tags", [])
    }
    order = [cell["id"] for cell in page.notebook["cells"]]
    merged = []
    last = None
    for cell in page.worked["cells"]:
        if cell["id"] in order:
            last = cell["id"]
        elif cell["cell_type"] == "code" and last is not None:
            following = order[order.index(last) + 1]
            if following in stubs:
                merged.append(stubs[following])
        merged.append(cell)
    return merged


def _step(inner: str) -> str:
    return f'<div class="step">{inner}</div>'


def _prose(text: str) -> str:
    from markdown_it import MarkdownIt

    def picture(match: re.Match) -> str:
        said = html.escape(diagrams.text_of(match[1]))
        return f'<img src="diagrams/{diagrams.key_of(match[1])}-light.svg" alt="{said}">\n'

    text = diagrams.BLOCK.sub(picture, text)
    drawn = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return to_pages(drawn, "../lessons/")


def _code(cell: dict) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source_of(cell), PythonLexer(), HtmlFormatter(cssclass="code"))


def _output(cell: dict) -> str:
    made = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            picture = "".join(data["image/png"]).replace("\n", "")
            made.append(
                f'<img alt="The picture that the cell draws" src="data:image/png;base64,{picture}">'
            )
        elif "text/html" in data:
            drawn = "".join(data["text/html"])
            drawn = re.sub(r"<th\b([^>]*)></th>", r"<td\1></td>", drawn)
            made.append(to_pages(drawn, "../lessons/"))
        elif output["output_type"] == "error":
            made.append(_pre(f"{output['ename']}: {output['evalue']}"))
        else:
            made.append(_pre("".join(output.get("text", data.get("text/plain", "")))))
    return "".join(made)


def _pre(text: str) -> str:
    return f'<pre class="out">{html.escape(text.rstrip())}</pre>'


def _notes(level: int, heading: str, steps: list[str], timing: dict[str, int]) -> str:
    """What whoever presents sees beside the slide."""
    lines = []
    if level == 1 and timing:
        lines.append(
            f"In a room: {timing['discussion']} minutes with discussion. Reading along takes {timing['reading']}, "
            f"the exercises {timing['exercises']}."
        )
    if any("<strong>Predict" in step for step in steps):
        lines.append("Predict: take hands before the next step shows what comes out.")
    if exercise := re.match(r"Exercise (\d+\.\d+)", heading):
        lines.append("Let people run the check with the stub first, then with a wrong answer.")
        lines += [
            f"Hint {at}: {hint}" for at, hint in enumerate(find_exercise(exercise[1]).hints, 1)
        ]
    inner = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return f'<aside class="notes">{inner}</aside>'


def _deck(page: Page, timing: dict[str, int]) -> str:
    body = []
    for at, (level, heading, steps) in enumerate(sections(page)):
        tag = "h1" if at == 0 else "h2"
        title = html.escape(heading.replace("`", ""))
        notes = _notes(level, heading, steps, timing)
        body.append(
            f'<section data-level="{level}"><{tag}>{title}</{tag}>{"".join(steps)}{notes}</section>'
        )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(page.title)}: slides</title>
<link rel="stylesheet" href="shared/reset.css">
<link rel="stylesheet" href="shared/reveal.css">
<link rel="stylesheet" href="shared/slides.css">
</head>
<body data-minutes="{timing.get("discussion", 60)}">
<main><div class="reveal"><div class="slides">
{"".join(body)}
</div></div></main>
<script src="shared/reveal.js"></script>
<script src="shared/notes.js"></script>
<script src="shared/search.js"></script>
<script src="shared/slides.js"></script>
</body>
</html>
"""
