"""What every lesson owes its readers, beyond running: frame, headings, links, no secrets, nothing left uncompared."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt

from course.lesson import read_outline
from course.paths import ROOT, Course

COURSE = Course()
NOTEBOOKS = sorted([*COURSE.notebooks.glob("*.ipynb"), *COURSE.solutions.glob("*.ipynb")])
LESSONS = [path for path in NOTEBOOKS if path.name[0].isdigit()]
PAGES = [*COURSE.sources(), *sorted(ROOT.glob("*.md"))]
ids = [f"{path.parent.name}/{path.name}" for path in NOTEBOOKS]
lesson_ids = [f"{path.parent.name}/{path.name}" for path in LESSONS]

# Keys that everybody knows: the blog post's, and that of RFC 7515, appendix A.1.
PUBLIC_KEYS = {
    "9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc",
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    # Of the tutorial of FastAPI, which many services have copied.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
}
# Cells whose output nbval does not compare, with the reason. Every entry is an exception to the rule.
NOT_COMPARED: dict[str, str] = {}
# Public keys and thumbprints that standards print.
RFC_EXAMPLES = re.compile(
    r"0vx7agoebGcQSuuPiLJX\w+.*|NzbLsXh8uDCcd-6MNwXF.*|kPrK_qmxVWaYVA9wwBF6.*|11qYAYKxCrfVS_7TyWQHOg.*|ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)
RFC_SIGNATURE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
LEFTOVERS = re.compile(r"\b(todo|fixme|xxx|lorem|ipsum|tbd)\b", re.IGNORECASE)
LOCAL_PATHS = re.compile(r"/home/\w+|/root/|/Users/\w+|[A-Z]:\\\\|/tmp/\w|/work/|ipykernel_\d")
FILLER = re.compile(r"\b(simply|as we can see|obviously|of course|just)\b", re.IGNORECASE)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def prose(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def headings(markdown: str) -> list[tuple[int, str]]:
    tokens = MarkdownIt().parse(markdown)
    return [
        (int(token.tag[1]), tokens[index + 1].content)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def test_there_are_lessons():
    lessons, sources = len(COURSE.lesson_files()), len(COURSE.sources())
    # A page has no worked form.
    assert len(NOTEBOOKS) == lessons + sources > 2 * lessons >= 6


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_notebook_is_valid(path):
    nbformat.validate(read(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_headings_are_in_order(path):
    levels = [level for level, _ in headings(prose(read(path)))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in zip(levels, levels[1:], strict=False))


@pytest.mark.parametrize("path", LESSONS, ids=lesson_ids)
def test_frame_of_a_lesson(path):
    notebook = read(path)
    top = notebook.cells[0].source
    for line in ("- **What you'll do**: ", "- **What you need**: "):
        assert line in top
    minutes = read_outline(COURSE.lessons / f"{path.stem}.md").minutes
    assert f"\n- **Minutes**: {minutes}\n" in top
    assert "- **Stuck?** " in top and "common_errors.ipynb)" in top
    titles = [title for level, title in headings(prose(notebook)) if level == 2]
    assert titles[-3:] == ["What you can do now", "In the real world", "Read on"]
    can_do = prose(notebook).split("## What you can do now")[1].split("##")[0]
    assert len(re.findall(r"^- ", can_do, re.M)) == 3
    assert "**Predict.**" in prose(notebook)


def test_every_message_on_the_page_of_common_errors_is_provoked_below_it():
    messages: dict[str, str] = {}
    for cell in read(COURSE.notebooks / "common_errors.ipynb").cells:
        if cell.cell_type == "code":
            if messages:
                messages[list(messages)[-1]] += re.sub(r"[\\`]", "", str(cell.outputs))
        elif title := re.search(r"^### `(.+)`$", cell.source, re.M):
            messages[title[1]] = ""
            assert "**It means**" in cell.source and "**What to do**" in cell.source
    assert len(messages) >= 20
    assert [message for message, shown in messages.items() if message not in shown] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_output_is_compared(path):
    for cell in read(path).cells:
        if cell.cell_type != "code":
            continue
        assert cell.execution_count, f"{cell.id} runs, but nothing compares its output"
        skipped = (
            "NBVAL_IGNORE_OUTPUT" in cell.source
            or "nbval-ignore-output" in cell.metadata.get("tags", [])
        )
        assert skipped == (cell.id in NOT_COMPARED), cell.id
        assert "NBVAL_SKIP" not in cell.source and "raises-exception" not in cell.metadata.get(
            "tags", []
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_no_stored_output_shows_a_fault_of_the_course(path):
    for cell in read(path).cells:
        assert "The check itself failed" not in str(cell.get("outputs", "")), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_no_error_output_and_no_trace_of_one_machine(path):
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", cell.id
            assert not LOCAL_PATHS.search(str(output)), (cell.id, output)
            assert not re.search(r"127\.0\.0\.1:\d", str(output)), f"{cell.id}: a port that changes"
        assert not LOCAL_PATHS.search(cell.source), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_image_and_diagram_has_a_text(path):
    text = prose(read(path))
    for token in MarkdownIt().parse(text):
        for child in token.children or []:
            if child.type == "image":
                assert child.content.strip(), f"an image without alt text: {child.attrs['src']}"
        if token.type == "fence" and token.info == "mermaid":
            assert "accTitle:" in token.content and "accDescr:" in token.content
    assert "<img" not in text or all("alt=" in tag for tag in re.findall(r"<img[^>]*>", text))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_cells_are_small_enough_for_a_wall(path):
    for cell in read(path).cells:
        lines = cell.source.splitlines()
        if cell.cell_type == "code":
            assert len(lines) <= 35, f"{cell.id} has {len(lines)} lines"
            assert max(map(len, lines)) <= 100, (
                f"{cell.id} has a line of {max(map(len, lines))} characters"
            )


def links(markdown: str) -> list[str]:
    """The targets of links and pictures that do not lead to the internet."""
    targets = [
        child.attrs.get("href") or child.attrs.get("src")
        for token in MarkdownIt().parse(markdown)
        for child in token.children or []
        if child.type in ("link_open", "image")
    ]
    return [target for target in targets if not re.match(r"https?://|mailto:", target)]


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_internal_links_resolve(path):
    for target in links(path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        linked = ROOT / file if file else path
        assert linked.exists(), f"{target} leads nowhere"
        if anchor and linked.suffix == ".md":
            titles = headings(linked.read_text(encoding="utf-8"))
            slugs = [
                re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in titles
            ]
            assert anchor in slugs, f"{target} leads nowhere"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_links_in_notebooks_resolve(path):
    for target in links(prose(read(path))):
        assert (path.parent / target.partition("#")[0]).exists(), f"{target} leads nowhere"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_leftovers_in_the_prose(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        assert not LEFTOVERS.search(line), f"{path.name}:{number}: {line}"
        assert not FILLER.search(line), f"{path.name}:{number}: {line}"


def constants(source: str) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def looks_like_a_key(text: str) -> bool:
    return (
        bool(re.fullmatch(r"[0-9a-fA-F]{32,}|[\w+/-]{43,}={0,2}", text))
        and text not in PUBLIC_KEYS | {RFC_SIGNATURE}
        and not RFC_EXAMPLES.fullmatch(text)
    )


def code_of_the_course() -> list[tuple[str, str]]:
    files = sorted([*ROOT.glob("app_snippets/**/*.py"), *ROOT.glob("course/**/*.py")])
    code = [(path.name, path.read_text(encoding="utf-8")) for path in files]
    for path in NOTEBOOKS:
        code += [
            (f"{path.name} {cell.id}", cell.source)
            for cell in read(path).cells
            if cell.cell_type == "code"
        ]
    return code


@pytest.mark.parametrize(
    ("where", "source"), code_of_the_course(), ids=lambda value: value if len(value) < 90 else ""
)
def test_no_key_that_works_in_a_file_to_copy(where, source):
    assert not [text for text in constants(source) if looks_like_a_key(text)]
    lines = source.splitlines()
    for at, line in enumerate(lines):
        if any(key in line for key in PUBLIC_KEYS):
            marked = "\n".join(lines[max(at - 2, 0) : at + 1])
            assert re.search("public and burnt", marked, re.IGNORECASE)


def test_last_release_of_python_jose_is_the_one_the_lesson_names():
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    entry = lock[lock.index('name = "python-jose"\nversion') :]
    assert entry.startswith('name = "python-jose"\nversion = "3.5.0"')
    assert 'upload-time = "2025-05-' in entry[:1500]
    assert "3.5.0, is from May 2025" in (COURSE.lessons / "03_create_a_jwt.md").read_text(
        encoding="utf-8"
    )


def test_the_nested_header_is_as_short_as_lesson_12_says():
    """The lesson names the length for each Python; here it is measured on the one that runs."""
    said = {(3, 11): 1_350, (3, 12): 2_000, (3, 13): 13_400}
    text = (COURSE.lessons / "12_log_in_with_fastapi.md").read_text(encoding="utf-8")
    assert all(f"{length:,}" in text for length in said.values())
    about = said.get(sys.version_info[:2])
    if about is not None:  # a newer Python than those that the lesson names
        assert not nested_header_ends_in_recursion_error(int(about * 0.9))
        assert nested_header_ends_in_recursion_error(int(about * 1.1))


def nested_header_ends_in_recursion_error(length: int) -> bool:
    depth = length * 3 // 4 - 24
    code = (
        "import base64; from jose import jwt\n"
        f'nested = base64.urlsafe_b64encode(b\'{{"alg":"HS256","x":\' + b\'[\' * {depth})\n'
        "try:\n    jwt.decode(nested.decode().rstrip('=') + '.e30.AAAA', 'k' * 64, ['HS256'])\n"
        "except jwt.JWTError:\n    print('refused')\nexcept RecursionError:\n    print('RecursionError')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout in ("refused\n", "RecursionError\n"), done.stderr
    return done.stdout == "RecursionError\n"


def test_ci_runs_the_command_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        "pip install uv && uv run --group dev pytest" in readme
        and "pip install uv && uv run course" in readme
    )
    assert "python3 -m uv run --frozen --group dev pytest\n" in (ROOT / ".ci/run").read_text(
        encoding="utf-8"
    )
    assert "bash .ci/run" in (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
