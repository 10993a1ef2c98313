"""The reading pages: Sphinx's source folder from ``notebooks/`` and ``solutions/`` as they are, and the pages from it."""

import html
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from course.paths import Course
from edition import diagrams
from edition.settings import Settings
from edition.tools import CannotBuild

THEME = Path(__file__).parent / "theme"
# Where the pages of the lessons stand in the site, and the copies that run.
FOLDER = "lessons"
RUN = "lite/lab/index.html?path=my_work/{}.ipynb"
SITE_PART = re.compile(r"<!-- site: written by course build -->.*?<!-- /site -->", re.DOTALL)
PICTURE = "lesson_01.png"
# In what a cell has drawn, a link to a lesson and perhaps to a place in it.
LINK = re.compile(r"(href=['\"])([\w./-]+)\.ipynb(?:#([^'\"]+))?")


@dataclass(frozen=True)
class Page:
    """A lesson, or a page such as Common errors: its notebook, and the worked one of a lesson."""

    name: str
    notebook: dict
    worked: dict | None

    @property
    def title(self) -> str:
        return self.notebook["metadata"]["course"]["title"]

    @property
    def number(self) -> str | None:
        return self.name[:2] if self.name[0].isdigit() else None

    @property
    def description(self) -> str:
        """One sentence for whoever finds or shares the page."""
        first = source_of(self.notebook["cells"][0])
        said = re.search(r"^- \*\*What you'll do\*\*: (.+)$", first, re.MULTILINE)
        text = said[1] if said else first.split("\n\n")[1]
        plain = as_plain_text(text)
        return plain[0].upper() + plain[1:]


def source_of(cell: dict) -> str:
    return "".join(cell["source"])


def as_plain_text(markdown: str) -> str:
    """Markdown of one paragraph without its marks."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[`*]", "", text).split())


def read_pages(course: Course) -> list[Page]:
    """All lessons in order, then the pages."""
    found = []
    for path in sorted(course.notebooks.glob("*.ipynb")):
        worked = course.solutions / path.name
        found.append(
            Page(
                path.stem,
                json.loads(path.read_text(encoding="utf-8")),
                json.loads(worked.read_text(encoding="utf-8")) if worked.is_file() else None,
            )
        )
    return found


def messages(page: Page) -> list[tuple[str, str, str]]:
    """Each message of Common errors: its anchor, the message, and what it means, as plain text."""
    found = []
    for cell in page.notebook["cells"]:
        text = source_of(cell)
        heading = re.match(r"### +(.+)", text)
        if cell["cell_type"] == "markdown" and heading:
            paragraphs = text.split("\n\n")[1:]
            found.append(
                (
                    anchor_of(heading[1]),
                    as_plain_text(heading[1]),
                    as_plain_text(" ".join(paragraphs)),
                )
            )
    return found


def anchor_of(heading: str) -> str:
    """An anchor that stays while the heading stays."""
    return "error-" + re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:60].strip("-")


def worked_answers(page: Page) -> dict[str, list[dict]]:
    """What the worked copy has and the learner's lacks, by the id of the check below which it belongs."""
    if page.worked is None:
        return {}
    known = {cell["id"] for cell in page.notebook["cells"]}
    groups: dict[str, list[dict]] = {}
    waiting: list[dict] = []
    last = None
    for cell in page.worked["cells"]:
        if cell["id"] in known:
            last = cell["id"]
            if waiting:
                groups.setdefault(last, []).extend(waiting)
                waiting = []
        elif cell["cell_type"] == "code":
            waiting.append(cell)
        else:
            groups.setdefault(last, []).append(cell)
    return groups


def write_source(course: Course, settings: Settings, folder: Path) -> list[Page]:
    """Write Sphinx's source folder; returns what is in it."""
    pages = read_pages(course)
    if not pages:
        raise CannotBuild("notebooks/ is empty. Run `course build` first.")
    lessons = folder / FOLDER
    lessons.mkdir(parents=True)
    (folder / "_static").mkdir()
    for file in sorted(THEME.glob("edition.*")):
        shutil.copy(file, folder / "_static")
    for file in sorted((course.root / "docs").glob("*.png")):
        shutil.copy(file, folder / "_static")
    drawn = [
        source
        for page in pages
        for cell in page.notebook["cells"]
        if cell["cell_type"] == "markdown"
        for source in diagrams.find(source_of(cell))
    ]
    diagrams.draw(drawn, lessons / "diagrams")
    for page in pages:
        (lessons / f"{page.name}.ipynb").write_text(
            json.dumps(_notebook(page, settings)), encoding="utf-8"
        )
    (folder / "index.md").write_text(_start_page(course, pages, settings), encoding="utf-8")
    instructors = (course.root / "INSTRUCTORS.md").read_text(encoding="utf-8")
    (folder / "instructors.md").write_text(
        _links(instructors, settings) + _slides(pages), encoding="utf-8"
    )
    return pages


def _notebook(page: Page, settings: Settings) -> dict:
    cells = []
    worked = worked_answers(page)
    for index, cell in enumerate(page.notebook["cells"]):
        cell = json.loads(json.dumps(cell))
        if cell["cell_type"] == "markdown":
            cell["source"] = _with_pictures(source_of(cell))
            if heading := re.match(r"### +(.+)", cell["source"]) if not page.number else None:
                cell["source"] = f"({anchor_of(heading[1])})=\n{cell['source']}"
        for output in cell.get("outputs", []):
            _for_a_page(output)
        if index == 0:
            title, _, rest = source_of(cell).partition("\n")
            cell["source"] = f"{title}\n\n{_bar(page, settings)}\n\n{rest}"
        cells.append(cell)
        if cell["id"] in worked:
            cells.append(_folded("Worked answer", worked[cell["id"]]))
    return {**page.notebook, "cells": cells}


def _with_pictures(text: str) -> str:
    def picture(match: re.Match) -> str:
        source = match[1]
        said = diagrams.text_of(source).replace("[", "(").replace("]", ")")
        return "\n".join(
            f"![{said}](diagrams/{diagrams.key_of(source)}-{theme}.svg){{.only-{theme}}}"
            for theme in diagrams.THEMES
        )

    return diagrams.BLOCK.sub(picture, text)


def _for_a_page(output: dict) -> None:
    """What a cell has drawn may have links to lessons; and an empty head of a column is none."""
    data = output.get("data", {})
    if "text/html" in data:
        drawn = "".join(data["text/html"])
        drawn = to_pages(drawn)
        data["text/html"] = re.sub(r"<th\b([^>]*)></th>", r"<td\1></td>", drawn)


def to_pages(drawn: str, folder: str = "") -> str:
    """HTML whose links lead to pages in this folder, and no more to notebooks.

    JupyterLab writes an anchor as the heading is, with hyphens; a page has it in small letters.
    """
    from docutils.nodes import make_id

    def to_a_page(match: re.Match) -> str:
        anchor = f"#{make_id(unquote(html.unescape(match[3])))}" if match[3] else ""
        return f"{match[1]}{folder}{match[2].rpartition('/')[2]}.html{anchor}"

    return LINK.sub(to_a_page, drawn)


def anchor_in_jupyterlab(heading: str) -> str:
    """The anchors that the lessons link to, and JupyterLab makes."""
    return heading.replace(" ", "-")


def _bar(page: Page, settings: Settings) -> str:
    name = page.name
    links = [
        f'<a class="edition-run" href="../{RUN.format(name)}">Run this in your browser</a>',
        f'<a href="{colab_url(name, settings)}">Open in Colab</a>',
        f'<a href="{binder_url(name, settings)}">Open in Binder</a>',
    ]
    if page.number:
        links.append(f'<a href="../slides/{name}.html">Slides</a>')
    links.append(f'<a href="{settings.edit(f"lessons/{name}.md")}">Edit the source</a>')
    return f'<div class="edition-bar">{"".join(links)}</div>'


def colab_url(name: str, settings: Settings) -> str:
    return f"https://colab.research.google.com/github/{settings.on_github}/blob/colab/{name}.ipynb"


def binder_url(name: str, settings: Settings) -> str:
    return (
        f"https://mybinder.org/v2/gh/{settings.on_github}/{settings.branch}"
        f"?urlpath=lab/tree/notebooks/{name}.ipynb"
    )


def _folded(title: str, cells: list[dict]) -> dict:
    body = "\n\n".join(
        f"```python\n{source_of(cell)}\n```" if cell["cell_type"] == "code" else source_of(cell)
        for cell in cells
    )
    body = re.sub(r"\]\(\.\./notebooks/", "](", body)
    return {
        "cell_type": "markdown",
        "id": f"{cells[0]['id']}-folded"[:64],
        "metadata": {},
        "source": f"<details><summary>{title}</summary>\n\n{body}\n\n</details>",
    }


def _links(markdown: str, settings: Settings) -> str:
    """Links of a file at the top of the repository: to lessons and pictures they stay, others lead to the repository."""
    text = re.sub(r"\]\(notebooks/([\w-]+\.ipynb)", rf"]({FOLDER}/\1", markdown)
    text = re.sub(r"\]\(docs/([\w-]+\.png)\)", r"](_static/\1)", text)
    text = text.replace("](INSTRUCTORS.md)", "](instructors.md)")
    return re.sub(
        rf"\]\((?!{FOLDER}/|_static/|instructors\.md|https?:)([^)]+)\)",
        lambda match: f"]({settings.file(match[1])})",
        text,
    )


def _start_page(course: Course, pages: list[Page], settings: Settings) -> str:
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    first = next(page for page in pages if page.number)
    bar = (
        f'<div class="edition-bar"><a class="edition-run" href="{RUN.format(first.name)}">'
        f"Run lesson {first.number} in your browser</a>"
        f'<a href="{FOLDER}/{first.name}.html">Read lesson {first.number}</a></div>'
    )
    readme = _links(SITE_PART.sub("", readme), settings)
    title, _, rest = readme.partition("\n")
    entries = [
        f"{f'{page.number} ' if page.number else ''}{page.title} <{FOLDER}/{page.name}>"
        for page in pages
    ]
    entries.append("Presenting the course <instructors>")
    toc = "\n".join(entries)
    return f"{title}\n\n{bar}\n{rest}\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{toc}\n```\n"


def _slides(pages: list[Page]) -> str:
    links = [
        f'- <a href="slides/{page.name}.html">{page.number} {html.escape(page.title)}</a>'
        for page in pages
        if page.number
    ]
    return "\n## Slides\n\nOne deck for each lesson, made from its notebook.\n\n" + "\n".join(links)


def build(source: Path, target: Path, pages: list[Page], settings: Settings) -> None:
    """Let Sphinx make the pages.

    Raises:
        CannotBuild: with Sphinx's warnings: a link that leads nowhere, a heading out of order.
    """
    import io

    from sphinx.application import Sphinx

    warnings = io.StringIO()
    app = Sphinx(
        source,
        None,
        target,
        source.parent / "doctrees",
        "html",
        confoverrides=_sphinx_settings(settings),
        status=None,
        warning=warnings,
        freshenv=True,
    )
    app.connect("html-page-context", _head(pages, settings))
    app.build()
    said = re.sub("\x1b\\[[0-9;]*m", "", warnings.getvalue()).strip()
    if said:
        raise CannotBuild(f"Sphinx says:\n{said}\nMend that in the lessons, then build again.")
    for left_over in ("_sources", "objects.inv", ".buildinfo", "genindex.html"):
        path = target / left_over
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _sphinx_settings(settings: Settings) -> dict:
    return {
        "project": "JWT, cell by cell",
        "author": "the authors of JWT, cell by cell",
        "extensions": ["myst_nb"],
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["attrs_inline"],
        "myst_heading_anchors": 3,
        "myst_heading_slug_func": anchor_in_jupyterlab,
        "suppress_warnings": ["config.cache"],
        "html_theme": "sphinx_book_theme",
        "html_title": "JWT, cell by cell",
        "html_static_path": ["_static"],
        "html_css_files": ["edition.css"],
        "html_js_files": [("edition.js", {"defer": "defer"})],
        "html_show_copyright": False,
        "html_copy_source": False,
        "html_use_index": False,
        "html_theme_options": {
            "show_toc_level": 2,
            # Or there are two fields to search in.
            "navbar_persistent": [],
            "home_page_in_toc": True,
            "repository_url": settings.repository,
            "repository_branch": settings.branch,
            "use_repository_button": True,
            "use_download_button": False,
        },
    }


def _head(pages: list[Page], settings: Settings):
    """What search engines and whoever shares a page are told of it."""
    by_name = {f"{FOLDER}/{page.name}": page for page in pages}

    def add(app, name, template, context, doctree) -> None:
        page = by_name.get(name)
        title = page.title if page else "JWT, cell by cell"
        description = (
            page.description
            if page
            else "A course on JWT authentication in Python: read it, or run it in your browser."
        )
        address = f"{settings.site_url}{name}.html"
        tags = [
            ("name", "description", description),
            ("property", "og:title", title),
            ("property", "og:description", description),
            ("property", "og:type", "article" if page else "website"),
            ("property", "og:url", address),
            ("property", "og:image", f"{settings.site_url}_static/{PICTURE}"),
            ("property", "og:image:alt", "Lesson 01: a token in three colours, decoded below it"),
            ("name", "twitter:card", "summary_large_image"),
        ]
        lines = [
            f'<meta {kind}="{key}" content="{html.escape(value)}">' for kind, key, value in tags
        ]
        lines.append(f'<link rel="canonical" href="{html.escape(address)}">')
        if page and page.number is None:
            lines.append(_as_questions(page, address))
        context["metatags"] = context.get("metatags", "") + "\n".join(lines)

    return add


def _as_questions(page: Page, address: str) -> str:
    """Each message with its anchor, title and description, in the words that search engines read (schema.org)."""
    said = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": message,
                "url": f"{address}#{anchor}",
                "acceptedAnswer": {"@type": "Answer", "text": meaning},
            }
            for anchor, message, meaning in messages(page)
        ],
    }
    text = json.dumps(said, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'
